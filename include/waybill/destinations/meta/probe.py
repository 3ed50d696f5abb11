"""Asking Meta whether it would take events of ours, without telling it one.

An event without a name and from 1970 is refused for itself only by a platform that has let us in: Meta refuses a
request as a whole when one event of it is more than seven days old ("Server event parameters"), and looks at token and
dataset before it looks at events. So a refusal for the event proves both, and no conversion exists afterwards.
"""

from typing import Final

from waybill.destinations.base import Accepted, Finding, Outcome, Partial, Refused, Stop
from waybill.destinations.meta.answers import Disposition, disposition

PAYLOAD: Final = '{"event_time":1}'


def read(outcome: Outcome) -> Finding:
    """What the answer to ``PAYLOAD`` proves."""
    receipt = outcome.receipt
    if isinstance(outcome, Refused) and not outcome.doubtful:
        return Finding(is_reached=True, is_token_accepted=True, is_dataset_accepted=True)
    if isinstance(outcome, Refused):
        advice = (
            "the answer (code 100 without a subcode) is about the token's permission or about the request, and does "
            "not say which: check that the token was made for this dataset (Events Manager, Settings, Conversions API)"
        )
        return Finding(is_reached=True, is_token_accepted=True, is_dataset_accepted=None, advice=advice)
    if isinstance(outcome, Stop):
        found = disposition(receipt.code or 0, receipt.subcode)
        is_let_in = True if found is Disposition.STOP_PERMISSION else None
        token = False if found is Disposition.STOP_TOKEN else is_let_in
        dataset = False if found is Disposition.STOP_PERMISSION else None
        return Finding(True, token, dataset, f"{outcome.reason}: {outcome.advice}")
    if isinstance(outcome, Accepted | Partial):
        advice = "the platform took an event that it should refuse; tell the maintainers before going live"
        return Finding(True, True, True, advice)
    if receipt.http_status is not None:
        return Finding(True, None, None, f"{outcome.reason}: it cannot say now; probe again later", may_pass=True)
    advice = "check this machine's way to the internet (firewall, DNS, clock) and base_url under [destinations.meta]"
    return Finding(False, None, None, f"{outcome.reason}: {advice}", may_pass=True)
