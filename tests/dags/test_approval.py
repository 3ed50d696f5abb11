"""How a closed gate ends its task, and how a request to open a file begins, waits, ends by itself and is answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

_PREPARED = f"""
import json, sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput
from airflow.providers.standard.operators import hitl
from waybill import jobs
from waybill.airflow.approval import FORM, KEEP, OPEN, AskPerson
from waybill.airflow.settings import airflow_settings
from waybill.airflow.tasks import run
from waybill.errors import GateClosed, GateStillClosed
from waybill.quality import decisions
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
    file_id, shown, told = run_python(
        _PREPARED
        + """
home = airflow_settings().home
seen = freeze(home, events(4), build="20261120T030000000000Z")
judge(seen, closed=True)
decision = decisions.digest(seen)
branched, pushed = [], {}

class Instance:
    id = "0"

    def xcom_push(self, key, value):
        pushed[key] = value

asks = AskPerson(task_id="ask", file_id=seen.file_id, request=jobs.request(airflow_settings(), "meta").name,
                 opens="open_file", keeps="keep_closed", params=dict(FORM))
hitl.upsert_hitl_detail = lambda **detail: None  # so does this, and
asks.do_branch = lambda context, ids: branched.append(ids)  # it needs Airflow's database

def shows():  # asks, and returns what Airflow keeps until the task wakes
    try:
        asks.execute({"task_instance": Instance()})
    except TaskAwaitingInput as wait:
        return json.loads(json.dumps(wait.kwargs))

def wakes(**event):
    return ends(lambda: asks.execute_complete({"ti": Instance()}, event, **kept))

kept = shows()

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
    "nameless": answers(OPEN, "TICKET-7", ""),
    "hidden": answers(OPEN, "TICKET-7", "@example.com"),
    "branches": branched,
}
standing = decisions.read(seen)
decisions.write(seen, replace(standing, suite_version="98-other"))
told["judged again"] = [answers(OPEN, "TICKET-7", "jane"), wakes(error="", error_type="timeout")]
asks.request = ""  # a person's own question
told["judged again"].append(wakes(error="", error_type="timeout"))
kept = shows()
told["shown again"] = answers(OPEN, "TICKET-7", "jane")
asks.request = "meta__1"
jobs.decide(airflow_settings(), seen.file_id, opened=False, because="somebody on the command line")
told["answered"] = wakes(error="", error_type="timeout")
told["answered twice"] = answers(OPEN, "TICKET-8", "bob")
told["open"] = superseded(66, closed=False)
print(json.dumps([seen.file_id, decision, told]))
"""
    )
    assert told["alone"][0] == told["superseded"][0] == "TaskAwaitingInput"
    for name, why in (
        *(("an hour later", "is asked about instead"), ("open", "which is open")),
        *(("answered", "somebody has answered"), ("answered twice", "somebody has answered")),
    ):
        assert told[name][0] == "AirflowSkipException"
        assert why in told[name][1]
    opened = {"file_id": file_id, "by": "jane.roe", "because": "a wholesaler, TICKET-7", "shown": shown}
    assert told["approved"] == {"answer": opened}
    assert told["kept"] == {"answer": {"file_id": file_id, "by": "jane", "because": "a broken export", "shown": shown}}
    answered, asked, own = told["judged again"]
    assert (answered[0], asked[0], own[0]) == ("AirflowFailException", "AirflowSkipException", "AirflowSkipException")
    assert "judged again since it was shown; look again. Clear this task" in answered[1]
    assert "judged again" in own[1]
    assert told["shown again"]["answer"]["shown"] not in ("", shown)
    assert told["branches"] == [["open_file"], ["keep_closed"], ["open_file"]]
    for name in ("contact", "silent", "nameless", "hidden"):
        assert told[name][0] == "AirflowFailException"
        assert "Clear this task" in told[name][1]
        assert "7700" not in told[name][1]
