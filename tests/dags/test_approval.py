"""How a closed gate ends its task, and how a request to open a file begins, waits, ends by itself and is answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

_PREPARED = f"""
import json, sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput
from waybill import jobs
from waybill.airflow.approval import FORM, KEEP, OPEN, AskPerson
from waybill.airflow.settings import airflow_settings
from waybill.airflow.tasks import run
from waybill.errors import GateClosed, GateStillClosed
sys.path.insert(0, {str(Path(__file__).parents[1] / "integration/delivery")!r})
from outbox import events, freeze, judge

def ends(call):
    try:
        return ["returned", call()]
    except (AirflowFailException, AirflowSkipException, TaskAwaitingInput) as end:
        return [type(end).__name__, str(end)]

def closed(settings):
    raise GateClosed("one_em_share")

def still_closed(settings):
    raise GateStillClosed("since three o'clock")
"""


def test_a_gate_that_closes_fails_its_task_once_and_skips_it_while_it_lasts(run_python: Callable[..., Any]) -> None:
    ended = run_python(_PREPARED + "print(json.dumps([ends(lambda: run(closed)), ends(lambda: run(still_closed))]))")
    assert ended == [
        ["AirflowFailException", "GateClosed: one_em_share"],
        ["AirflowSkipException", "since three o'clock"],
    ]


def test_a_request_goes_on_waiting_ends_by_itself_or_is_answered(run_python: Callable[..., Any]) -> None:
    """What a person's answer becomes, and every other way in which a request wakes up."""
    file_id, told = run_python(
        _PREPARED
        + """
home = airflow_settings().home
seen = freeze(home, events(4), build="20261120T030000000000Z")
judge(seen, closed=True)
branched, pushed = [], {}

class Instance:
    def xcom_push(self, key, value):
        pushed[key] = value

asks = AskPerson(task_id="ask", file_id=seen.file_id, request=jobs.request(airflow_settings(), "meta").name,
                 opens="open_file", keeps="keep_closed", params=dict(FORM))
asks.do_branch = lambda context, ids: branched.append(ids)  # it needs Airflow's database

def wakes(**event):
    return ends(lambda: asks.execute_complete({"ti": Instance()}, event))

def answers(option, because, name):
    pushed.clear()
    ended = wakes(chosen_options=[option], params_input={"because": because}, responded_at=datetime.now(UTC),
                  responded_by_user={"id": "1", "name": name}, timedout=False)
    return ended if ended[0] != "returned" else dict(pushed)

def superseded(minutes, closed):
    newer = freeze(home, events(4), build=f"20261120T03{minutes:02d}00000000Z")
    replace(newer, frozen_at=seen.frozen_at + timedelta(minutes=minutes)).write_sidecar()
    judge(newer, closed=closed)
    return wakes(error="", error_type="timeout")

told = {
    "alone": wakes(error="", error_type="timeout"),
    "superseded": superseded(5, closed=True),
    "an hour later": superseded(61, closed=True),
    "approved": answers(OPEN, "a wholesaler, TICKET-7", "jane.roe@example.com"),
    "kept": answers(KEEP, "a broken export", "jane"),
    "contact": answers(OPEN, "call +44 7700 900123", "jane"),
    "silent": answers(OPEN, "", "jane"),
    "branches": branched,
}
jobs.decide(airflow_settings(), seen.file_id, opened=False, because="somebody on the command line")
told["answered"] = wakes(error="", error_type="timeout")
told["open"] = superseded(66, closed=False)
print(json.dumps([seen.file_id, told]))
"""
    )
    assert told["alone"][0] == told["superseded"][0] == "TaskAwaitingInput"
    for name, why in (("an hour later", "is asked about instead"), ("answered", "answered"), ("open", "which is open")):
        assert told[name][0] == "AirflowSkipException"
        assert why in told[name][1]
    opened = {"file_id": file_id, "by": "jane.roe", "because": "a wholesaler, TICKET-7"}
    assert told["approved"] == {"answer": opened}
    assert told["kept"] == {"answer": {"file_id": file_id, "by": "jane", "because": "a broken export"}}
    assert told["branches"] == [["open_file"], ["keep_closed"]]
    for name in ("contact", "silent"):
        assert told[name][0] == "AirflowFailException"
        assert "Clear this task" in told[name][1]
        assert "7700" not in told[name][1]
