"""Turns Airflow's Connections into the settings that the environment would give."""

from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseHook, Connection

from waybill.errors import ConfigurationError

_POSTGRES_OPTIONS = frozenset({"application_name", "channel_binding", "connect_timeout", "options"})
_META_EXTRAS = ("dataset_id", "base_url", "start_at", "test_event_code")


class WarehouseHook(BaseHook):
    """The connection ``waybill_warehouse``: a PostgreSQL server or a DuckDB file."""

    conn_name_attr = "waybill_conn_id"
    default_conn_name = "waybill_warehouse"
    conn_type = "waybill_duckdb"
    hook_name = "Waybill warehouse (DuckDB file)"

    def __init__(self, waybill_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = waybill_conn_id

    def values(self) -> dict[str, str]:
        """``WAYBILL_WAREHOUSE_URI`` as SQLAlchemy writes it; ConfigurationError for another type of connection."""
        connection = self.get_connection(self.conn_id)
        if connection.conn_type == "waybill_duckdb":
            return {"WAYBILL_WAREHOUSE_URI": f"duckdb:///{connection.host or ''}"}
        if connection.conn_type not in ("postgres", "postgresql"):
            raise ConfigurationError(
                f"The connection {self.conn_id} has the type {connection.conn_type!r}. Give it the type Postgres, or "
                f"{self.hook_name}."
            )
        return {"WAYBILL_WAREHOUSE_URI": _postgres_uri(connection)}


def _postgres_uri(connection: Connection) -> str:
    user = quote(connection.login or "", safe="")
    password = f":{quote(connection.password, safe='')}" if connection.password else ""
    host = connection.host or "localhost"
    address = f"{f'[{host}]' if ':' in host else host}:{connection.port or 5432}"
    extra = connection.extra_dejson
    options = {name: extra[name] for name in sorted(extra) if name.startswith("ssl") or name in _POSTGRES_OPTIONS}
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return (
        f"postgresql://{user}{password}{'@' if user else ''}{address}/{quote(connection.schema or '', safe='')}{query}"
    )


class MetaHook(BaseHook):
    """The connection ``waybill_meta``: the dataset that receives events, and the token that lets us."""

    conn_name_attr = "waybill_conn_id"
    default_conn_name = "waybill_meta"
    conn_type = "waybill_meta"
    hook_name = "Waybill: Meta Conversions API"

    def __init__(self, waybill_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = waybill_conn_id

    def values(self) -> dict[str, str]:
        """``WAYBILL_META_…``: what the connection holds and nothing else, so that the environment fills the rest."""
        connection = self.get_connection(self.conn_id)
        extra = connection.extra_dejson
        given = {key: str(extra[key]) for key in _META_EXTRAS if extra.get(key)}
        if connection.password:
            given["access_token"] = connection.password
        return {f"WAYBILL_META_{key.upper()}": value for key, value in given.items()}
