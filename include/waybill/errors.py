"""What ends a run, named by what happens next.

Outcomes of single events and batches are values (see ``waybill.destinations.base``); an exception means that
this run cannot go on. A message says what happened, to what, and what to do; it never holds contact data, a
token or a payload.
"""

from typing import ClassVar


class WaybillError(Exception):
    """Base of every error this package raises; ``exit_code`` is what the command line ends with."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(WaybillError):
    """A person must fix the settings or the call; nothing was changed."""

    exit_code = 2


class SourceUnavailable(WaybillError):
    """The warehouse, or a file that this step reads or writes, is out of reach now; the step may simply run again."""

    exit_code = 3


class BuildFailed(WaybillError):
    """dbt, or the freeze after it, failed; what was published is as it was."""


class GateClosed(WaybillError):
    """The data as a set is not fit to send; nothing of this delta file was enrolled."""


class GateStillClosed(GateClosed):
    """It is closed for the reasons that people were told already; they need not be told again."""


class LedgerConflict(WaybillError):
    """The ledger contradicts a file or itself; stop and look before anything more is sent."""


class DestinationUnavailable(WaybillError):
    """The platform cannot take events now; the queue is kept and the step may simply run again."""

    exit_code = 3
