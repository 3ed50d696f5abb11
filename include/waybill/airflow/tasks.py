"""What every task of the DAGs does: run one job with this Airflow's settings, and say how it ended.

Airflow retries crashes, the ledger retries events. An error that only a person can mend fails the task at once; trouble
that passes leaves it to Airflow's retries. Either way the log holds the message and no chain of causes, because a
driver's own error may quote a row.
"""

import logging
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from waybill.airflow.settings import airflow_settings
from waybill.errors import ConfigurationError, GateClosed, LedgerConflict, WaybillError
from waybill.redaction import places_of

LOG = logging.getLogger(__name__)

Counts = dict[str, int | float]

DEFAULTS: Final = {"owner": "waybill", "retries": 2, "retry_delay": timedelta(minutes=1)}

WAREHOUSE_POOL: Final = "warehouse"
"""One slot: only its holder opens ``warehouse.duckdb``."""

NEEDS_A_PERSON: Final = (ConfigurationError, GateClosed, LedgerConflict)
"""Errors that the same run would meet again."""


class Report(Protocol):
    """What a job gives back."""

    def counts(self) -> Counts: ...


def run(job: Callable[..., Report], asset: Asset | None = None, **named: str) -> Counts:
    """Runs one job of ``waybill.jobs`` and returns its counts, which also become the ``extra`` of the Asset's event."""
    os.umask(0o077)  # whatever the job or one of its libraries writes is its owner's alone
    try:
        report = job(airflow_settings(), **named)
        counts = report.counts()
    except NEEDS_A_PERSON as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from None
    except WaybillError as error:
        raise AirflowException(f"{type(error).__name__}: {error}") from None
    except Exception as error:  # nobody foresaw it, so nobody knows what its text quotes
        raise AirflowException(f"Waybill met an error that it does not know: {places_of(error)}") from None
    for note in getattr(report, "notes", ()):
        LOG.warning(note)
    if asset is not None:
        get_current_context()["outlet_events"][asset].extra.update({**counts, **named})
    return counts


def destinations() -> list[str]:
    """The names of the destinations that ``waybill.toml`` holds, read when the task runs."""
    try:
        return sorted(airflow_settings().destinations)
    except ConfigurationError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from None
