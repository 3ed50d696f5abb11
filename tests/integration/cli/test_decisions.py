"""What a person decides about enrolled events, seen from the balance, the audit and explain."""

from pathlib import Path

from desk import Desk

import waybill
from waybill.emulator import Emulator

WHY = ("--because", "ticket 4711: looked in Events Manager")


def held(desk: Desk) -> Desk:
    """The desk with settings that hold what is unknown."""
    text = (Path(waybill.__file__).parents[1] / "waybill.toml").read_text()
    config = desk.home.parent / "waybill.toml"
    config.write_text(text.replace('on_unknown = "resend"', 'on_unknown = "hold"'))
    return Desk(home=desk.home, environment={**desk.environment, "WAYBILL_CONFIG": str(config)})


def test_a_resolved_event_is_where_the_person_said_and_the_sums_agree(desk: Desk, platform: Emulator) -> None:
    desk = held(desk)
    platform.plan("accept_then_drop")
    desk.waybill("deliver")
    before = desk.waybill("balance", "--json").json["destinations"]["meta"]
    assert before["unknown"] > 100
    batches = desk.waybill("ledger", "show", "--json").json["batches"]
    assert batches
    wanted = _unknown(desk)
    assert desk.waybill("ledger", "resolve", wanted[0], "--not-sent", *WHY, "--by", "Ada").code == 0
    assert desk.waybill("ledger", "resolve", wanted[1], "--sent", *WHY, "--by", "Ada").code == 0

    after = desk.waybill("balance", "--json").json["destinations"]["meta"]
    moved = {word: after[word] - before[word] for word in ("unknown", "pending", "accepted")}
    assert moved == {"unknown": -2, "pending": 1, "accepted": 1}
    assert after["balanced"]
    assert desk.waybill("ledger", "audit").code == 0
    told = desk.waybill("explain", wanted[1]).out
    assert "resolved as sent by Ada: ticket 4711" in told
    assert [row["who"] for row in desk.waybill("ledger", "show", "--json").json["actions"]] == ["Ada", "Ada"]

    assert desk.waybill("run").code == 0
    again = desk.waybill("balance", "--json").json["destinations"]["meta"]
    assert (again["unknown"], again["accepted"]) == (after["unknown"], after["accepted"] + 1)
    assert again["balanced"]


def _unknown(desk: Desk) -> list[str]:
    """Source keys of two events without an answer."""
    import duckdb

    keys = str(desk.home / "published" / "delivery" / "keys" / "meta" / "*.parquet")
    with duckdb.connect() as books:
        query = "select source_key from read_parquet(?) where expires_at > timestamptz '2026-11-21' order by 1 limit 2"
        return [key for (key,) in books.execute(query, [keys]).fetchall()]
