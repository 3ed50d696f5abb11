"""``make up``'s module under a real scheduler: one DAG is triggered, three start through their Assets, and a person
answers what a closed gate asks."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import requests

sys.path.append(str(Path(__file__).parents[1] / "privacy"))

from searching import forms, search

from started import alive_in
from waybill.airflow.living import LivingAirflow
from waybill.emulator import Book
from waybill.errors import DestinationUnavailable

UP = [sys.executable, "-W", "ignore", "-m", "waybill.airflow.up"]
STARTED_BY_ASSETS = ("build_conversion_events", "deliver_conversions", "refresh_delivery_marts")
LIMIT_SECONDS = 900


def eventually(what: Callable[[], Any], process: subprocess.Popen[str], seen: Callable[[], Any] = str) -> Any:
    """Asks again until the answer is true; the limit only ends a hang, and ``seen`` tells what there was instead."""
    end = time.monotonic() + LIMIT_SECONDS
    while not (answer := if_it_answers(what)):
        assert process.poll() is None, "make up ended by itself"
        assert time.monotonic() < end, f"this never became true; {seen()}"
        time.sleep(2)
    return answer


def if_it_answers(what: Callable[[], Any]) -> Any:
    """Airflow answers 500 about an asset event while the run that it made waits for its start."""
    try:
        return what()
    except DestinationUnavailable:
        return None


@pytest.fixture
def living(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, LivingAirflow]]:
    home = tmp_path / "home"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "AIRFLOW"))}
    env = {**kept, "WAYBILL_HOME": str(home)}
    with subprocess.Popen(UP, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        login = re.search(r"(http://127\.0\.0\.1:\d+)\s+user admin, password (\S+)", said)
        assert login, said
        try:
            yield process, home, LivingAirflow(login[1], login[2])
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def test_triggering_extraction_delivers_through_assets_and_ctrl_c_ends_all(
    living: tuple[subprocess.Popen[str], Path, LivingAirflow],
) -> None:
    process, home, airflow = living

    # A login is asked for, and nothing listens beyond this machine.
    assert requests.get(f"{airflow.url}/api/v2/dags", timeout=30).status_code == 401
    listening = {
        connection.laddr.ip
        for member in alive_in(home)
        for connection in member.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    assert (home / "airflow" / "passwords.json").stat().st_mode & 0o077 == 0

    # Only extraction is triggered.
    run_id = airflow.trigger("extract_warehouse")
    eventually(
        lambda: [r for r in airflow.runs("extract_warehouse") if (r["dag_run_id"], r["state"]) == (run_id, "success")],
        process,
    )
    for dag_id in STARTED_BY_ASSETS:
        eventually(
            lambda dag_id=dag_id: [
                run for run in airflow.runs(dag_id) if (run["run_type"], run["state"]) == ("asset_triggered", "success")
            ],
            process,
        )
    for dag_id in ("build_conversion_events", "refresh_delivery_marts"):
        assert {run["run_type"] for run in airflow.runs(dag_id)} == {"asset_triggered"}

    # What the platform received is what the ledger says was accepted, and the Assets carry the counts.
    eventually(lambda: everything_is_delivered(home), process, lambda: _seen(home))
    events = eventually(lambda: airflow.ask("GET", "/assets/events?order_by=timestamp")["asset_events"], process)
    extras = {event["source_task_id"]: event["extra"] for event in events if event["extra"].get("rows", 1)}
    assert extras["extract"]["rows"] > 0
    assert extras["gate"]["destination"] == extras["deliver"]["destination"] == "meta"

    a_closed_gate_is_opened_by_a_person(process, home, airflow)

    # Ctrl-C.
    members = alive_in(home)
    assert len(members) > 5
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=LIMIT_SECONDS) == 0
    assert alive_in(home) == []


def a_closed_gate_is_opened_by_a_person(process: subprocess.Popen[str], home: Path, airflow: LivingAirflow) -> None:
    """A slice of orders of one person closes the gate; Airflow asks; the answer is given as the UI gives it."""
    accepted = _accepted(home)
    airflow.ask("PATCH", "/dags/extract_warehouse", {"is_paused": True})
    eventually(lambda: {run["state"] for run in airflow.runs("extract_warehouse")} <= {"success", "failed"}, process)
    with duckdb.connect(str(home / "shop.duckdb")) as shop:
        shop.execute(
            "insert into orders (order_id, customer_id, channel, status, is_test, currency, total, ordered_at, paid_at,"
            " updated_at) select 'same-' || n, (select customer_id from customers where email like '%@example.com' and"
            " country = 'US' and not exists (select 1 from consents where subject_id = customers.customer_id)"
            " order by customer_id limit 1), 'web', 'paid', false, 'USD', 10 + n, now() - interval 1 minute,"
            " now() - interval 1 minute, now() - interval 1 minute from range(1, 121) as numbers(n)"
        )
        (person,) = shop.execute(
            "select email, phone from customers semi join (from orders where order_id = 'same-1') using (customer_id)"
        ).fetchall()
    airflow.ask("PATCH", "/dags/extract_warehouse", {"is_paused": False})
    airflow.trigger("extract_warehouse")

    (request,) = eventually(lambda: airflow.ask("GET", "/dags/~/dagRuns/~/hitlDetails")["hitl_details"], process)
    run = request["task_instance"]["dag_run_id"]
    builds = "build_conversion_events"  # the request may be there before the run that asks is over
    closed = eventually(lambda: [run for run in airflow.runs(builds) if run["state"] == "failed"], process)
    path = f"/dags/build_conversion_events/dagRuns/{closed[0]['dag_run_id']}/taskInstances"
    states = {instance["task_id"]: instance["state"] for instance in airflow.ask("GET", path)["task_instances"]}
    assert (states["judge"], states["gate"], states["ask"]) == ("success", "failed", "success")
    assert "one_em_share" in request["body"] and "purchase_same-1" in request["body"]
    assert "example.com" not in str(request)

    answer = {"chosen_options": ["Open the file"], "params_input": {"because": "one wholesaler, TICKET-7"}}
    airflow.ask("PATCH", f"/dags/approve_closed_file/dagRuns/{run}/taskInstances/ask/-1/hitlDetails", answer)
    eventually(lambda: _accepted(home) >= accepted + 120, process, lambda: _seen(home))
    assert (
        sum(str(event.event_id).startswith("purchase_same-") for event in Book(home / "emulator.sqlite").events())
        >= 120
    )
    with sqlite3.connect(home / "ledger.sqlite") as ledger:
        actions = ledger.execute("select who, verb, because, events from actions").fetchall()
    assert actions == [("admin", "open", "one wholesaler, TICKET-7", 120)]
    eventually(lambda: [run["state"] for run in airflow.runs("approve_closed_file")] == ["success"], process)

    # Nothing of the customer is in Airflow's database and logs, nor in what gate and delivery wrote.
    needles = [needle for value in person if value for needle in forms("the customer", value)]
    in_clear = [needle for needle in needles if not needle.form.startswith("sha256")]
    places = {name: home / name for name in ("airflow", "published", "delta", "data_docs", "ledger.sqlite")}
    assert in_clear and all(path.exists() for path in places.values())
    assert search(places, in_clear) == []


def everything_is_delivered(home: Path) -> bool:
    """Whether nothing waits, and the platform holds what the ledger says. On a machine that is too busy an answer may
    be lost: only of such events there may be a copy more, or one that the ledger does not call accepted."""
    book, attempts = _booked(home), _attempts(home)
    if any(state in ("pending", "sending") for state, _ in attempts):
        return False
    unanswered = sum(events for (_, outcome), events in attempts.items() if outcome in ("unknown", "no answer yet"))
    accepted = _accepted(home)
    return 1000 < accepted <= len(book) <= book.total() <= accepted + unanswered


def _seen(home: Path) -> str:
    book = _booked(home)
    return f"ledger {_attempts(home)}, {_accepted(home)} accepted; book {book.total()}, {len(book)} distinct"


def _booked(home: Path) -> Counter[tuple[str, str, str | None]]:
    return Counter(
        (event.dataset, event.event_name, event.event_id) for event in Book(home / "emulator.sqlite").events()
    )


def _attempts(home: Path) -> dict[tuple[str, str], int]:
    """The events of all batches by what became of them and what their attempts were answered."""
    with sqlite3.connect(home / "ledger.sqlite") as ledger:
        rows = ledger.execute(
            "select batches.state, coalesce(outcome, iif(attempt_id is null, 'never sent', 'no answer yet')),"
            " sum(batches.events) from batches left join attempts using (batch_id) group by 1, 2"
        ).fetchall()
    return {(state, outcome): events for state, outcome, events in rows}


def _accepted(home: Path) -> int:
    """The accepted events: those of accepted batches but for the ones that ended by themselves. Every few minutes an
    order of the shop turns seven days old, and one may while its batch waits for its turn."""
    with sqlite3.connect(home / "ledger.sqlite") as ledger:
        (count,) = ledger.execute(
            "select coalesce(sum(events), 0) - (select count(*) from exceptions join batches using (batch_id)"
            " where batches.state = 'accepted' and exceptions.state <> 'accepted')"
            " from batches where state = 'accepted'"
        ).fetchone()
    return int(count)
