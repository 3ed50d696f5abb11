"""What every task of the DAGs does: run one job with this Airflow's settings, and say how it ended.

Airflow retries crashes, the ledger retries events. An error that only a person can mend fails the task at once; trouble
that passes leaves it to Airflow's retries; a gate that is still closed skips it. Either way the log holds the message
and no chain of causes, because a driver's own error may quote a row.
"""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from waybill import jobs
from waybill.airflow.settings import airflow_settings
from waybill.delivery import stopping
from waybill.errors import ConfigurationError, GateClosed, GateStillClosed, LedgerConflict, WaybillError
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
        # Airflow's own handler asks the operator, and the task goes on until it is killed.
        with stopping.told_by_sigterm():
            report = job(airflow_settings(), **named)
        counts = report.counts()
    except GateStillClosed as error:
        raise AirflowSkipException(str(error)) from None
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


def questions() -> list[dict[str, object]]:
    """Lets the gate judge every destination's newest delta file; returns the runs of ``approve_closed_file`` to start.

    What ends the judging of one destination ends the gate's own task for it again, which says so; the others go on.
    """
    settings = airflow_settings()
    wanted: list[dict[str, object]] = []
    for name in settings.destinations:
        try:
            with suppress(GateClosed):
                jobs.gate(settings, name)
            request = jobs.request(settings, name)
        except WaybillError as error:
            LOG.warning("%s: %s", type(error).__name__, error)
            continue
        except Exception as error:  # nobody foresaw it, so nobody knows what its text quotes
            LOG.warning("Waybill met an error that it does not know: %s", places_of(error))
            continue
        if request is not None:
            conf = {"file_id": request.file_id, "request": request.name}
            wanted.append({"trigger_run_id": request.name, "conf": conf})
    return wanted
