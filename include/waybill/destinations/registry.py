"""Which adapter serves a destination of ``waybill.toml``. A new platform is a dbt model, a folder here, and one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from waybill.declared import DestinationSettings
from waybill.destinations.base import Batch, Capabilities, Destination, Finding, Outcome
from waybill.destinations.meta import client as meta
from waybill.destinations.meta import probe as meta_probe
from waybill.errors import ConfigurationError


@dataclass(frozen=True)
class Row:
    """One platform: what it can take, how to make its adapter, and how to ask it without telling it anything."""

    capabilities: Capabilities
    factory: Callable[[DestinationSettings], Destination]
    probe: str
    read_probe: Callable[[Outcome], Finding]


REGISTRY: Final[Mapping[str, Row]] = {
    "meta": Row(
        capabilities=meta.CAPABILITIES,
        factory=meta.MetaClient,
        probe=meta_probe.PAYLOAD,
        read_probe=meta_probe.read,
    ),
}


def create(name: str, settings: DestinationSettings) -> Destination:
    """The adapter of a destination; ConfigurationError for a name without one."""
    return _row(name).factory(settings)


def capabilities(name: str) -> Capabilities:
    """What a destination can take, known without its secrets."""
    return _row(name).capabilities


def probe(name: str, settings: DestinationSettings) -> dict[str, Finding]:
    """Asks a platform about each dataset whether it would take events, with a request that creates none."""
    row = _row(name)
    adapter = row.factory(settings.model_copy(update={"test_event_code": None}))
    return {
        dataset: row.read_probe(adapter.send(Batch(target, [row.probe])))
        for dataset, target in settings.datasets.items()
    }


def _row(name: str) -> Row:
    if name not in REGISTRY:
        raise ConfigurationError(
            f"No adapter serves the destination {name!r} of waybill.toml; there is one for: {', '.join(REGISTRY)}."
        )
    return REGISTRY[name]
