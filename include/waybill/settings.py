"""One ``Settings``, read once: ``waybill.toml`` for what is versioned, the environment for what is not.

This is the only module that looks at the environment. Inside Airflow the same values come from Connections, laid
over the environment by ``waybill.airflow.settings``.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator

from waybill.clock import Clock
from waybill.declared import LOOPBACK, DestinationSettings, Model, Name, RetentionSettings, SourceSettings
from waybill.errors import ConfigurationError
from waybill.home import Home

_INCLUDE = Path(__file__).parents[1]
_DESTINATION_SECRETS = ("dataset_id", "access_token", "base_url", "start_at", "test_event_code")

_MEANS_MORE = re.compile(r"[*?\[='\n]")
"""What is more than a name in a path: patterns and columns to DuckDB, and the end of the path in dbt's SQL."""

_SECRET_OPTIONS = ("password", "sslpassword")


class Settings(Model):
    """Everything a run needs to know; secrets are ``SecretStr`` and never printed."""

    home_root: Path
    warehouse_uri: SecretStr | None = None
    ledger_uri: SecretStr | None = None
    dbt_project_dir: Path
    dbt_target: str = "duckdb"
    sources: dict[Name, SourceSettings] = Field(min_length=1)
    destinations: dict[Name, DestinationSettings] = Field(min_length=1)
    retention: RetentionSettings = RetentionSettings()
    is_sample: bool = False
    as_of: datetime | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @field_validator("home_root")
    @classmethod
    def _plain(cls, root: Path) -> Path:
        if found := _MEANS_MORE.search(str(root)):
            raise ValueError(
                f"WAYBILL_HOME is in a folder with {found[0]!r} in its path, which the engines that read its files do "
                "not take as it stands (* ? [ are patterns, key=value makes a column). Choose another folder"
            )
        return root

    @field_validator("ledger_uri")
    @classmethod
    def _postgresql(cls, uri: SecretStr | None) -> SecretStr | None:
        if uri is not None and urlsplit(uri.get_secret_value()).scheme != "postgresql":
            raise ValueError("WAYBILL_LEDGER_URI must be postgresql://user:password@host:5432/database, or not be set")
        return uri

    @property
    def home(self) -> Home:
        return Home(self.home_root, self.ledger_uri)

    @property
    def clock(self) -> Clock:
        return Clock(self.as_of)

    def destination(self, name: str) -> DestinationSettings:
        """One destination, or a clear refusal that lists those there are."""
        if name not in self.destinations:
            known = ", ".join(sorted(self.destinations))
            raise ConfigurationError(f"There is no destination {name!r} in waybill.toml; there is: {known}.")
        return self.destinations[name]

    def secrets(self) -> frozenset[str]:
        """Every text that must not be read anywhere: tokens, addresses with a password, and the passwords alone."""
        tokens = [
            dataset.access_token
            for destination in self.destinations.values()
            for dataset in destination.datasets.values()
        ]
        uris = [uri for uri in (self.warehouse_uri, self.ledger_uri) if uri is not None]
        passwords = {password for uri in uris for password in _passwords(uri.get_secret_value())}
        with_password = [uri for uri in uris if _passwords(uri.get_secret_value())]
        return frozenset({secret.get_secret_value() for secret in (*tokens, *with_password)} | passwords)

    def redacted(self) -> dict[str, Any]:
        """Everything in force, for a person to read: no secret, and no password inside a URI."""
        values = self.model_dump(mode="json", exclude={"sources", "warehouse_uri", "ledger_uri"})
        values["warehouse_uri"] = _without_secrets(self.warehouse_uri)
        values["ledger_uri"] = _without_secrets(self.ledger_uri)
        values["sources"] = {name: sorted(source.tables) for name, source in self.sources.items()}
        return values

    def started_destination(self, name: str) -> DestinationSettings:
        """One destination that may be built for: it must say when it went live."""
        destination = self.destination(name)
        if destination.start_at is None:
            raise ConfigurationError(
                f"Destination {name!r} has no start_at, so nobody could say which conversions are its own. Set "
                f"start_at under [destinations.{name}] in waybill.toml, or WAYBILL_{name.upper()}_START_AT."
            )
        return destination

    def sendable_destination(self, name: str) -> DestinationSettings:
        """One destination that may be sent to: dataset and token are there, and a sample home stays on loopback."""
        destination = self.started_destination(name)
        if not destination.datasets:
            prefix = f"WAYBILL_{name.upper()}"
            raise ConfigurationError(
                f"Destination {name!r} has no dataset to send to. Set {prefix}_DATASET_ID and {prefix}_ACCESS_TOKEN "
                f"(in Airflow: the connection waybill_{name})."
            )
        self._keep_sample_here()
        if self.is_sample and urlsplit(destination.base_url).hostname not in LOOPBACK:
            raise ConfigurationError(
                f"{self.home_root} holds the made-up shop of `waybill sample` and may only send to this machine, but "
                f"destination {name!r} points at {destination.base_url}. Start `waybill emulator` and set "
                f"WAYBILL_{name.upper()}_BASE_URL to its address, or use another WAYBILL_HOME for real data."
            )
        return destination

    def _keep_sample_here(self) -> None:
        """A made-up shop's events must not be enrolled into a ledger that others share."""
        uri = self.ledger_uri.get_secret_value() if self.ledger_uri else ""
        if self.is_sample and urlsplit(uri).hostname not in (None, *LOOPBACK):
            raise ConfigurationError(
                f"{self.home_root} holds the made-up shop of `waybill sample`, but WAYBILL_LEDGER_URI points beyond "
                "this machine. Unset it, or use another WAYBILL_HOME for real data."
            )


_HARMLESS = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("VIRTUAL_ENV", "LD_LIBRARY_PATH", "LD_PRELOAD", "SSL_CERT_FILE", "SSL_CERT_DIR", "WAYBILL_DBT_MEMORY_LIMIT"),
    }
)
_HARMLESS_PREFIXES = ("LC_", "PYTHON", "DBT_", "XDG_")
"""What a dbt process may know of our environment. A profile of your own finds its secrets as DBT_ENV_SECRET_…"""


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads ``waybill.toml``, the home's own facts and the environment; one ConfigurationError lists all problems."""
    env = os.environ if environment is None else environment
    home = Home(Path(env.get("WAYBILL_HOME") or "data").expanduser().absolute())
    facts = home.facts()
    raw = _read_toml(Path(env.get("WAYBILL_CONFIG") or _INCLUDE / "waybill.toml"))
    for_all = raw.pop("gate", {})
    destinations = raw.get("destinations", {})
    for name, table in destinations.items():
        if isinstance(table, dict):
            destinations[name] = _with_environment(name, _with_gate(table, for_all), env, facts.start_at)
    values: dict[str, Any] = {
        **raw,
        "home_root": home.root,
        "warehouse_uri": env.get("WAYBILL_WAREHOUSE_URI") or facts.warehouse_uri,
        "ledger_uri": env.get("WAYBILL_LEDGER_URI") or None,
        "dbt_project_dir": Path(env.get("WAYBILL_DBT_PROJECT_DIR") or _INCLUDE.parent / "dbt_project").absolute(),
        "dbt_target": env.get("WAYBILL_DBT_TARGET") or "duckdb",
        "is_sample": facts.is_sample,
        "as_of": facts.as_of,
        "log_level": (env.get("WAYBILL_LOG_LEVEL") or "warning").lower(),
    }
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(_all_problems(error)) from None


def emulator_secrets(dataset_id: str | None, token_variable: str) -> tuple[str, str]:
    """The dataset and token that the emulator lets in, from the environment where the call does not say."""
    dataset_id = dataset_id or os.environ.get("WAYBILL_META_DATASET_ID")
    token = os.environ.get(token_variable)
    if not dataset_id or not token:
        raise ConfigurationError(
            "The emulator needs a dataset and a token to let in. Set WAYBILL_META_DATASET_ID (or pass --dataset) and "
            f"{token_variable}; any made-up values will do."
        )
    return dataset_id, token


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment for a dbt process: what a program needs to run, dbt's own settings, and where the home is.

    Whatever else stands in this process's environment (tokens, keys of Airflow, passwords of databases) stays here.
    """
    kept = {key: value for key, value in os.environ.items() if key in _HARMLESS or key.startswith(_HARMLESS_PREFIXES)}
    return {**kept, "WAYBILL_HOME": str(settings.home_root), "PYTHONWARNINGS": "ignore"}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}). Set WAYBILL_CONFIG to your waybill.toml."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error


def _with_gate(table: dict[str, Any], for_all: Any) -> dict[str, Any]:
    """A destination's table with its own thresholds laid over those for all destinations."""
    own = table.get("gate", {})
    merged = {**for_all, **own} if isinstance(for_all, dict) and isinstance(own, dict) else own or for_all
    return {**table, "gate": merged}


def _with_environment(
    name: str, table: dict[str, Any], env: Mapping[str, str], home_start: datetime | None
) -> dict[str, Any]:
    """A destination's table with WAYBILL_<NAME>_… laid over it, and the one dataset of a simple set-up."""
    prefix = f"WAYBILL_{name.upper()}_"
    given = {key: env[prefix + key.upper()] for key in _DESTINATION_SECRETS if env.get(prefix + key.upper())}
    merged = {
        **table,
        **{key: value for key, value in given.items() if key not in ("dataset_id", "access_token")},
    }
    if home_start is not None and "start_at" not in given:
        merged["start_at"] = home_start
    if "dataset_id" in given or "access_token" in given:
        merged["datasets"] = {"main": {key: given[key] for key in ("dataset_id", "access_token") if key in given}}
    return merged


def _without_secrets(uri: SecretStr | None) -> str | None:
    """An address for a person to read: without user, password and the options that may hold one."""
    if uri is None:
        return None
    shown = re.sub(r"//.*@", "//…@", uri.get_secret_value())
    return re.sub(r"((?:ssl)?password|passfile)=[^&]*", r"\1=…", shown)


def _passwords(uri: str) -> set[str]:
    """The passwords inside an address, as they are written and as they are meant."""
    parts = urlsplit(uri)
    user = parts.netloc.rpartition("@")[0]
    options = (option.partition("=") for option in parts.query.split("&"))
    written = {user.partition(":")[2], *(value for name, _, value in options if name in _SECRET_OPTIONS)} - {""}
    return written | {unquote(one) for one in written}


def _all_problems(error: ValidationError) -> str:
    """Every problem on a line of its own, named by its place, without the values (they may be secrets)."""
    lines = ["The settings are wrong:"]
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(str(part) for part in problem["loc"])
        lines.append(f"  {place}: {problem['msg']}")
    return "\n".join(lines)
