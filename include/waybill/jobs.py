"""Every step of the pipeline as one function: what a DAG's task calls, and a verb of the command line.

Each returns a report whose ``counts()`` an Asset event can carry. What a step needs is imported inside it, because
DAG files import this module and must stay light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from waybill.errors import ConfigurationError, GateClosed, GateStillClosed
from waybill.settings import Settings

if TYPE_CHECKING:
    from waybill.delivery.publish import PublishReport
    from waybill.delivery.report import DeliveryReport
    from waybill.quality.approvals import Approval, Closed
    from waybill.quality.closings import Request
    from waybill.quality.decisions import Decision
    from waybill.retention.purge import Purge
    from waybill.sources import ExtractReport
    from waybill.warehouse.build import BuildReport


@dataclass(frozen=True)
class RefreshReport:
    """What refreshing the delivery marts did."""

    models: int
    seconds: float

    def counts(self) -> dict[str, int | float]:
        return {"models": self.models, "seconds": round(self.seconds, 1)}


def extract(settings: Settings) -> ExtractReport:
    """Lands what the warehouse inserted or updated since the last window."""
    from waybill.sources import extract as extract_windows

    settings.home.create()
    return extract_windows(settings)


def build(settings: Settings, *, full_refresh: bool = False) -> BuildReport:
    """Builds the marts from what landed and freezes what is new, per destination."""
    from waybill.warehouse.build import build as build_marts

    return build_marts(settings, full_refresh=full_refresh)


def gate(settings: Settings, destination: str) -> Decision:
    """Judges the newest delta file of a destination; GateClosed, with the reasons, when it may not be sent.

    GateStillClosed when people were told the reasons at an earlier file. A file that a person opened counts as open.
    """
    from waybill import delta
    from waybill.quality import approvals, closings
    from waybill.quality.gate import judge

    settings.started_destination(destination)
    newest = delta.newest(settings.home, destination)
    if newest is None:
        raise ConfigurationError(f"Nothing has been frozen for {destination} yet. Run `waybill build` first.")
    decision = judge(settings, newest)
    if decision.is_open:
        return decision
    word = approvals.read(newest)
    if word is not None and word.opened:
        return replace(decision, decision="open")
    if decision.begins_closing:
        raise GateClosed(decision.explanation())
    raise GateStillClosed(f"{closings.lasting(settings.home, decision)}\n{decision.explanation()}")


def request(settings: Settings, destination: str) -> Request | None:
    """What a person should be asked about the newest delta file; None where it is open or somebody has answered."""
    from waybill.quality import closings

    return closings.request(settings.home, destination)


def closed_file(settings: Settings, file_id: str) -> Closed:
    """A closed delta file that a person can open; ConfigurationError, with what to do instead, when it cannot be."""
    from waybill.delivery.ledger import Ledger
    from waybill.quality import approvals

    with Ledger.open_readonly(settings.home) as ledger:
        enrolled = ledger.enrolled_files(file_id.partition("/")[0])
    return approvals.closed(settings.home, file_id, [file.file_id for file in enrolled])


def decide(
    settings: Settings, file_id: str, *, opened: bool, because: str, by: str | None = None, shown: str | None = None
) -> Approval:
    """Keeps a person's word on a closed delta file: its passed rows may be enrolled after all, or it stays closed.

    ``shown`` is the SHA-256 of the decision that the person saw; ConfigurationError when another one stands. Without
    it the word is on the one that stands.
    """
    from waybill.delivery import actions
    from waybill.quality import approvals

    author = actions.author(settings, because, by)
    found = closed_file(settings, file_id)
    if shown is not None:
        found.must_stand(shown)
    return approvals.decide(found, opened=opened, who=author.who, because=author.because, now=settings.clock.now())


def deliver(settings: Settings, destination: str) -> DeliveryReport:
    """Enrols the newest open delta file of a destination and sends what is pending."""
    from waybill.delivery.run import deliver as deliver_batches

    settings.home.create()
    return deliver_batches(settings, destination)


def publish(settings: Settings) -> PublishReport:
    """Gives the ledger back to dbt and to people, as Parquet."""
    from waybill.delivery.publish import publish as publish_ledger

    return publish_ledger(settings)


def refresh_marts(settings: Settings) -> RefreshReport:
    """Rebuilds the delivery marts from what is published; does nothing in a home that was never built."""
    from waybill.warehouse.build import refresh_marts as refresh

    if not settings.home.warehouse_file.exists():
        return RefreshReport(models=0, seconds=0.0)

    done = refresh(settings)
    return RefreshReport(models=done.nodes, seconds=done.seconds)


def purge(settings: Settings, *, dry_run: bool = False) -> Purge:
    """Folds the keys of settled delta files, and removes what is older than it has to be."""
    from waybill.retention.purge import purge as purge_home

    return purge_home(settings, dry_run=dry_run)
