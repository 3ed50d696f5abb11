"""What builds withdraw while a delivery is running: looked for now and then, before something is claimed."""

import time
from typing import Final

from waybill import delta
from waybill.clock import Clock
from waybill.delivery import entries, withdrawals
from waybill.delivery.ledger import Ledger
from waybill.delivery.report import Tally
from waybill.home import Home

LOOK_SECONDS: Final = 60.0
"""How long a running delivery may not know of a new build."""


class NewerBuilds:
    """Applies the withdrawals of builds that are made after ``build_id``, the one that this delivery began with.

    What such a build froze is left to the next delivery.
    """

    def __init__(self, home: Home, destination: str, ledger: Ledger, clock: Clock, tally: Tally, build_id: str) -> None:
        self._home = home
        self._destination = destination
        self._ledger = ledger
        self._clock = clock
        self._tally = tally
        self._build_id = build_id
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Does nothing when it has looked a little ago; LedgerConflict when a new build's files are damaged."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        newest = delta.newest(self._home, self._destination)
        if newest is None or newest.build_id == self._build_id:
            return
        wanted = entries.wanted_back(self._home, newest, self._ledger.enrolled_files(self._destination))
        with self._ledger.transaction() as connection:
            self._tally.withdrawn += withdrawals.apply(connection, newest, wanted, self._clock.now())
        self._build_id = newest.build_id
