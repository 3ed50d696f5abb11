"""Probing: would a destination take events? Asked with a request that creates none; the ledger is not opened."""

from dataclasses import asdict, dataclass
from typing import Any

from waybill.destinations import registry
from waybill.destinations.base import Finding
from waybill.errors import ConfigurationError, DestinationUnavailable
from waybill.settings import Settings

_WORDS = {True: "yes", False: "no", None: "the answer does not say"}


@dataclass(frozen=True)
class Probe:
    """What was found for one dataset of a destination."""

    destination: str
    dataset: str
    finding: Finding

    @property
    def is_ready(self) -> bool:
        found = self.finding
        return bool(found.is_reached and found.is_token_accepted and found.is_dataset_accepted and not found.advice)

    def as_json(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "ready": self.is_ready, **asdict(self.finding)}

    def lines(self) -> list[str]:
        """What a person reads."""
        found = self.finding
        facts = {
            "reachable": found.is_reached,
            "token accepted": found.is_token_accepted,
            "dataset accepted": found.is_dataset_accepted,
        }
        told = " · ".join(f"{name}: {_WORDS[value]}" for name, value in facts.items())
        advice = "ready; nothing was created" if self.is_ready else found.advice
        return [f"{self.destination}/{self.dataset}  {told}", f"  {advice}"]


def probe(settings: Settings, destination: str) -> list[Probe]:
    """Asks about each dataset of a destination."""
    target = settings.sendable_destination(destination)
    return [Probe(destination, name, found) for name, found in registry.probe(destination, target).items()]


def raise_for(probes: list[Probe]) -> None:
    """Ends as a delivery would: DestinationUnavailable when it may pass, ConfigurationError when a person must act."""
    failed = [one for one in probes if not one.is_ready]
    if not failed:
        return
    names = ", ".join(f"{one.destination}/{one.dataset}" for one in failed)
    if all(one.finding.may_pass for one in failed):
        raise DestinationUnavailable(f"{names} cannot answer now; nothing was created. Do what is said above.")
    raise ConfigurationError(f"{names} would not take events now; nothing was created. Do what is said above.")
