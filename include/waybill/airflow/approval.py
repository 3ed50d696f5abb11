"""Asking a person in Airflow whether to open a closed delta file: *Required Actions* in the UI, or the HITL API.

A request looks every few minutes whether it still makes sense, and ends by itself when it does not. What it shows is
counts, expectations and event_ids. An answer counts for the decision that was shown, and for no other.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.providers.standard.operators.hitl import HITLBranchOperator, HITLOperator
from airflow.sdk import Context, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput

from waybill import jobs
from waybill.airflow.settings import airflow_settings
from waybill.errors import ConfigurationError
from waybill.settings import Settings

if TYPE_CHECKING:
    from waybill.quality.approvals import Closed

OPEN: Final = "Open the file"
KEEP: Final = "Keep it closed"
LOOK_AGAIN: Final = timedelta(minutes=10)

ANSWER: Final = "answer"
_BECAUSE: Final = "because"
_SHOWN: Final = "shown"
FORM: Final = {
    _BECAUSE: Param("", type="string", title="Why", description="For the next person; kept for good. No contact data.")
}
"""What the person fills in; the operator's ``params``."""


class AskPerson(HITLBranchOperator):
    """Asks whether to open a closed file and goes on with one of two tasks; skipped when the question is moot.

    ``file_id`` names the file. ``request`` is what the gate calls the question (``closings.Request.name``), empty when
    a person asked. The answer (file_id, by, because, shown) is checked for contact data and kept under the key
    ``ANSWER``; ``shown`` is the SHA-256 of the decision that the person saw.
    """

    template_fields: Sequence[str] = (*HITLBranchOperator.template_fields, "file_id", "request")

    def __init__(self, *, file_id: str, request: str, opens: str, keeps: str, **named: Any) -> None:
        super().__init__(
            subject="Open a closed delta file?",
            options=[OPEN, KEEP],
            options_mapping={OPEN: opens, KEEP: keeps},
            response_timeout=LOOK_AGAIN,
            **named,
        )
        self.file_id = file_id
        self.request = request

    def execute(self, context: Context) -> None:
        settings = airflow_settings()
        found = self._still_open(settings)
        self._still_asked(settings, found, found.decision_sha256)
        self.subject = f"The gate closed {self.file_id}. Open it?"
        self.body = body(found)
        try:
            super().execute(context)
        except TaskAwaitingInput as wait:
            wait.kwargs = {_SHOWN: found.decision_sha256}  # what execute_complete is called with, beside the event
            raise

    def execute_complete(self, context: Context, event: dict[str, Any], shown: str = "") -> None:
        from waybill.delivery import actions

        settings = airflow_settings()
        found = self._still_open(settings)
        if event.get("error_type") == "timeout":
            self._still_asked(settings, found, shown)
            raise TaskAwaitingInput(
                method_name="execute_complete", kwargs={_SHOWN: shown}, timeout=self.response_timeout
            )
        because = str((event.get("params_input") or {}).get(_BECAUSE) or "")
        person = event.get("responded_by_user") or {}
        try:
            # An account may be named by an address; who has the account is known without its domain.
            found.must_stand(shown)
            who = actions.author(settings, because, str(person.get("name") or "").partition("@")[0])
        except ConfigurationError as error:
            raise AirflowFailException(f"{error} Clear this task to be asked again.") from None
        answer = HITLOperator.execute_complete(self, context, event)
        # Skipping the other task ends this one, so what it returned would be lost.
        context["ti"].xcom_push(ANSWER, {"file_id": self.file_id, "by": who.who, "because": who.because, _SHOWN: shown})
        self.do_branch(context, [self.options_mapping[chosen] for chosen in answer["chosen_options"]])

    def _still_open(self, settings: Settings) -> "Closed":
        """The file that is asked about; skips this task, and says why, when there is nothing to decide any more."""
        from waybill.quality import closings

        try:
            found = jobs.closed_file(settings, self.file_id)
        except ConfigurationError as error:
            raise AirflowSkipException(f"There is nothing to decide any more: {error}") from None
        word = closings.word_on(settings.home, found.delta.destination, found.decision.closing)
        if self.request and word is not None:
            self._skip(f"somebody has answered: {word.sentence()}")
        return found

    def _still_asked(self, settings: Settings, found: "Closed", shown: str) -> None:
        """Skips this task when the question is another one by now; an answer that was given to it still counts."""
        now = jobs.request(settings, found.delta.destination)
        if self.request and now is not None and now.name != self.request:
            self._skip(f"{now.file_id} is asked about instead, in the run {now.name}")
        try:
            found.must_stand(shown)
        except ConfigurationError as error:
            self._skip(f"{error} Clear this task to be asked about it as it is now")

    def _skip(self, why: str) -> NoReturn:
        raise AirflowSkipException(f"There is nothing to decide about {self.file_id} any more: {why}.") from None


def body(found: "Closed") -> str:
    """What the person sees, as Markdown: the failed expectations, what opening would send, and how to look closer."""
    decision, delta = found.decision, found.delta
    lines = ["| expectation | expected | observed | examples |", "|---|---|---|---|"]
    for failure in decision.failures:
        cells = (failure.expectation, failure.expected, failure.observed, ", ".join(failure.examples) or "-")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    example = next((name for failure in decision.failures for name in failure.examples), "EVENT")
    return "\n".join(
        [
            f"**{delta.file_id}**: {decision.rows} rows, of which **{decision.passed} would be sent** and "
            f"{decision.quarantined} stay quarantined. Frozen {delta.frozen_at:%Y-%m-%d %H:%M} UTC.",
            "",
            *lines,
            "",
            f"Look closer with `waybill explain {example}`. Data Docs: `{decision.data_docs or 'none'}`. "
            f"Closed since `{decision.closing}`.",
            "",
            "**Open the file** only if the data is right as it is: what was sent cannot be taken back. What has "
            "changed or come since is not opened with it. If it is wrong, mend it: the next build freezes the rows "
            "again.",
            "",
            f"SHA-256 `{delta.sha256}`",
        ]
    )
