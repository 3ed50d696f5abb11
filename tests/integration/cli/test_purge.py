"""A shop eighty days on: purged, built anew from what is left, and every sum and every payload is as it was."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from desk import AS_OF, DATASET, TOKEN, Desk

from waybill.emulator import running

INCLUDE = Path(__file__).parents[3] / "include"
LONG_AFTER = datetime.fromisoformat(AS_OF) + timedelta(days=80)


def payloads(desk: Desk) -> dict[tuple[str, str], Any]:
    """What the marts would send of each event of the last days."""
    with duckdb.connect(str(desk.home / "warehouse.duckdb"), read_only=True) as marts:
        rows = marts.execute(
            "select event_name, source_key, verdict, payload_digest from destinations.meta_events "
            "where occurred_at > ?",
            [LONG_AFTER - timedelta(days=7)],
        ).fetchall()
    return {(name, key): rest for name, key, *rest in rows}


def patient(folder: Path) -> Path:
    """The configuration of a shop that may be away for eighty days: most of what it finds then is past its expiry."""
    config, always = folder / "waybill.toml", (INCLUDE / "waybill.toml").read_text()
    assert "past_expiry_share = 0.30" in always
    config.write_text(always.replace("past_expiry_share = 0.30", "past_expiry_share = 1.0"))
    return config


def contact_data_in(desk: Desk) -> int:
    with duckdb.connect() as db:
        folder = desk.home / "landing" / "shop"
        [(emails,)] = db.execute(f"select count(email) from read_parquet('{folder}/customers/*.parquet')").fetchall()
        [(agents,)] = db.execute(
            f"select count(*) from read_parquet('{folder}/clicks/*.parquet') "
            f"where client_user_agent is not null and updated_at < timestamptz '{AS_OF}'"
        ).fetchall()
    return int(emails + agents)


def test_purged_and_built_anew_nothing_breaks_and_nothing_is_sent_twice(desk: Desk, tmp_path: Path) -> None:
    now = [datetime.fromisoformat(AS_OF)]
    with running(book_path=tmp_path / "book.sqlite", datasets={DATASET: TOKEN}, now=lambda: now[0]) as platform:
        environment = {"WAYBILL_META_BASE_URL": platform.base_url, "WAYBILL_CONFIG": str(patient(tmp_path))}
        desk = Desk(desk.home, {**desk.environment, **environment})
        assert desk.waybill("deliver").code == 0
        old = desk.waybill("preview", "--json").json[0]
        now[0] = LONG_AFTER
        later = desk.waybill("sample", "--later", "--orders", "30", "--leads", "5", "--as-of", LONG_AFTER.isoformat())
        assert later.code == 0, later.err
        for verb in ("extract", "build", "gate"):
            answer = desk.waybill(verb)
            assert answer.code == 0, answer.err
        sent = desk.waybill("deliver", "--json").json["destinations"]["meta"]["accepted"]
        balance = desk.waybill("balance", "--json").json
        marts, book = payloads(desk), len(platform.book.events())
        assert sent > 10
        assert contact_data_in(desk) > 100

        delta = desk.home / "delta" / f"{old['file_id']}.parquet"
        delta.rename(tmp_path / delta.name)
        early = desk.waybill("ledger", "audit")
        assert (early.code, "is gone, and its keys were not folded yet" in early.out) == (1, True)
        (tmp_path / delta.name).rename(delta)

        would = desk.waybill("purge", "--dry-run", "--json").json
        purged = desk.waybill("purge", "--json")
        assert purged.code == 0, purged.err
        assert purged.json["landing_files"] == would["landing_files"] == 8
        assert purged.json["folded"] == would["folded"] == 2
        assert purged.json["delta_files"] == would["delta_files"] == 4
        assert contact_data_in(desk) < 50  # those who changed in the last days
        assert desk.waybill("balance", "--json").json == balance
        assert desk.waybill("ledger", "audit").code == 0
        assert desk.waybill("explain", old["source_key"], "--json").json[0]["state"] == "accepted"
        gone = desk.waybill("preview", old["source_key"])
        assert gone.code == 2
        assert "its payload is not kept any more" in gone.err
        doctor = desk.waybill("doctor", "--json")
        assert doctor.code == 0, doctor.err
        assert sum(one["subjects"] for one in doctor.json["contact_data"]) < 50 * 11

        anew = desk.waybill("build", "--full-refresh", "--json")
        assert anew.code == 0, anew.err
        assert payloads(desk) == marts
        for verb in ("gate", "deliver", "publish"):
            answer = desk.waybill(verb)
            assert answer.code == 0, answer.err
        assert len(platform.book.events()) == book
        after, before = desk.waybill("balance", "--json").json["destinations"]["meta"], balance["destinations"]["meta"]
        assert after["balanced"] and after["candidates"] == before["candidates"]
        # What the gate had quarantined long ago looks another way now, and has expired.
        assert after["quarantined"] + after["expired"] == before["quarantined"] + before["expired"]
        words = ("withheld", "invalid", "gated", "pending", "sending", "unknown", "accepted", "rejected", "withdrawn")
        assert {word: after[word] for word in words} == {word: before[word] for word in words}
        assert desk.waybill("ledger", "audit").code == 0
        same = desk.waybill("diff", "--json")
        assert same.code == 0, same.err
        assert same.json["destinations"]["meta"]["same"] and same.json["destinations"]["meta"]["compared"] > 10
        against = desk.waybill("diff", "--against", old["file_id"].split("/")[1])
        assert against.code == 2
        assert "has been purged" in against.err

        [folded] = (desk.home / "published" / "delivery" / "keys" / "meta").glob("folded-*.parquet")
        folded.write_bytes(folded.read_bytes()[:-9])
        damaged = desk.waybill("ledger", "audit")
        assert (damaged.code, f"{folded} cannot be read" in damaged.out) == (1, True)
