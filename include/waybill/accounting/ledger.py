"""The ledger alone as tables to query, for when nothing has been built or published yet."""

import duckdb

from waybill.delivery.ledger import Ledger
from waybill.settings import Settings


def open_ledger(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection in memory with ``files``, ``batches``, ``attempts``, ``exceptions`` and ``actions``."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    with Ledger.open_readonly(settings.home) as ledger:
        for name, table in ledger.tables_as_arrow().items():
            connection.register(name, table)
    return connection
