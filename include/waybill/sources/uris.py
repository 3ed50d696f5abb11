"""Warehouse addresses as SQLAlchemy writes them: a DuckDB file or a PostgreSQL server, and how to name them safely."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from waybill.errors import ConfigurationError, SourceUnavailable

_HOW = (
    "Set WAYBILL_WAREHOUSE_URI (in Airflow: the connection waybill_warehouse) to duckdb:///relative.duckdb, "
    "duckdb:////absolute/path.duckdb or postgresql://user:password@host:5432/database."
)
_SECRET_OPTIONS = frozenset({"password", "sslpassword", "passfile"})

_FOR_A_PERSON = (
    *("authentication failed", "no password supplied", "no pg_hba.conf entry", "permission denied"),
    *('" does not exist', "invalid URI", "invalid connection option", "could not translate host name"),
)


@dataclass(frozen=True)
class DuckDbFile:
    """A warehouse that is one file."""

    path: Path

    @property
    def shown(self) -> str:
        return str(self.path)


@dataclass(frozen=True, repr=False)
class PostgresServer:
    """A warehouse behind a connection; ``uri`` may hold a password and is for the driver only."""

    uri: str

    @property
    def shown(self) -> str:
        """The address without password."""
        return self.without_password

    @property
    def without_password(self) -> str:
        parts = urlsplit(self.uri)
        user, at, place = parts.netloc.rpartition("@")
        options = [(name, value) for name, value in parse_qsl(parts.query) if name not in _SECRET_OPTIONS]
        query = "?" + urlencode(options, quote_via=quote, safe="/") if options else ""
        return f"postgresql://{user.partition(':')[0]}{at}{place}{parts.path}{query}"

    def with_timeout(self, seconds: int) -> str:
        """The URI for a driver, giving up on an unreachable server after so long unless it says itself."""
        if "connect_timeout=" in self.uri:
            return self.uri
        return f"{self.uri}{'&' if urlsplit(self.uri).query else '?'}connect_timeout={seconds}"

    def scrub(self, text: str) -> str:
        """A driver's message on one line, without the password should it be in there."""
        parts = urlsplit(self.uri)
        options = [option.partition("=") for option in parts.query.split("&")]
        written = [parts.netloc.rpartition("@")[0].partition(":")[2]]
        written += [value for name, _, value in options if name in _SECRET_OPTIONS]
        secrets = {*written, *map(unquote, written)}
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return " ".join(text.split())

    def refusal(self, text: str, what: str) -> ConfigurationError | SourceUnavailable:
        """The error to raise for a driver's message: one for a person to fix, or one that may pass by itself."""
        text = self.scrub(text)
        if any(sign in text for sign in _FOR_A_PERSON):
            advice = "Correct the user, password, database or rights in WAYBILL_WAREHOUSE_URI."
            return ConfigurationError(f"{self.shown} {what}: {text}. {advice}")
        advice = "Check that the server runs and can be reached from here, then run this again."
        return SourceUnavailable(f"{self.shown} {what}: {text}. {advice}")

    def __repr__(self) -> str:
        return f"PostgresServer({self.shown!r})"


Address = DuckDbFile | PostgresServer


def parse(uri: str | None) -> Address:
    """What a URI names; a ConfigurationError says how to write one, without repeating it (it may hold a password)."""
    if not uri or not uri.strip():
        raise ConfigurationError(f"No warehouse is set. {_HOW}")
    scheme = uri.strip().partition(":")[0].lower()
    if scheme == "duckdb":
        return _duckdb(uri.strip())
    if re.fullmatch(r"postgres(ql)?(\+[a-z0-9]+)?", scheme):
        return _postgres(uri.strip())
    named = (
        f"with the scheme {scheme!r}"
        if re.fullmatch(r"[a-z][a-z0-9+.-]{0,20}", scheme) and "://" in uri
        else "without a scheme"
    )
    raise ConfigurationError(f"The warehouse URI is one {named}, which is not read. {_HOW}")


def _duckdb(uri: str) -> DuckDbFile:
    match = re.fullmatch(r"duckdb:///(?P<path>[^?#]+)", uri, re.IGNORECASE)
    if match is None or match["path"].startswith(":") or match["path"].endswith("/"):
        raise ConfigurationError(f"The warehouse URI {uri!r} does not name a DuckDB file. {_HOW}")
    return DuckDbFile(Path(match["path"]).expanduser().absolute())


def _postgres(uri: str) -> PostgresServer:
    rest = uri.partition(":")[2]
    try:
        parts = urlsplit("postgresql:" + rest)
        sane = rest.startswith("//") and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        sane = False
    if not sane or re.search(r"%(?![0-9A-Fa-f]{2})", rest):
        raise ConfigurationError(
            "The PostgreSQL URI of the warehouse cannot be read. Write it as "
            "postgresql://user:password@host:5432/database with every special character of the "
            "password percent-encoded (# as %23, @ as %40, / as %2F, % as %25)."
        )
    return PostgresServer("postgresql:" + rest)
