"""A ledger in PostgreSQL is searched as well: the story of the planted values has its ledger in a file."""

import hashlib
from pathlib import Path

from chain import Chain
from office import DATASET, TOKEN
from outbox import NOW, events
from searching import find, forms

from ledgers import LedgerServer
from waybill.emulator import running
from waybill.errors import WaybillError


def test_its_rows_name_events_and_hold_nothing_else(tmp_path: Path, ledger_postgresql: LedgerServer) -> None:
    with running(tmp_path / "book.sqlite", {DATASET: TOKEN}, now=lambda: NOW) as platform:
        chain = Chain.make(tmp_path / "home", platform.base_url, batch_size=3, threads=1)
        chain.office.move_ledger(ledger_postgresql.schema())
        chain.add(events(12, spoilt=[5]))
        for number, fault in enumerate(("quoting", "accept_then_drop", "page", "token_revoked"), start=1):
            platform.plan(fault, from_request=number)
        try:
            chain.office.deliver()
        except WaybillError as error:
            assert not list(find(forms("token", TOKEN), str(error).encode(), "the error"))
        platform.clear_faults()
        chain.office.deliver()
    rows = repr(chain.office.dump()).encode()
    assert b"shop/orders/5" in rows and b"rejected" in rows and b"unknown" in rows
    hashes = (hashlib.sha256(f"person{number}@example.com".encode()).hexdigest() for number in range(1, 13))
    needles = [*forms("token", TOKEN), *forms("agent", "Mozilla/5.0 (made up; ünïcode)")]
    needles += [needle for one in hashes for needle in forms("hash", one)]
    assert list(find(needles, rows, "the ledger")) == []
