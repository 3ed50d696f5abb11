"""Which adapter serves a destination of ``waybill.toml``. A new platform is a dbt model, a folder here, and one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from waybill.destinations.base import Capabilities, Destination
from waybill.destinations.meta import client as meta
from waybill.errors import ConfigurationError
from waybill.settings import DestinationSettings


@dataclass(frozen=True)
class Row:
    """One platform: what it can take, and how to make its adapter."""

    capabilities: Capabilities
    factory: Callable[[DestinationSettings], Destination]


REGISTRY: Final[Mapping[str, Row]] = {
    "meta": Row(capabilities=meta.CAPABILITIES, factory=meta.MetaClient),
}


def create(name: str, settings: DestinationSettings) -> Destination:
    """The adapter of a destination; ConfigurationError for a name without one."""
    return _row(name).factory(settings)


def capabilities(name: str) -> Capabilities:
    """What a destination can take, known without its secrets."""
    return _row(name).capabilities


def _row(name: str) -> Row:
    if name not in REGISTRY:
        raise ConfigurationError(
            f"No adapter serves the destination {name!r} of waybill.toml; there is one for: {', '.join(REGISTRY)}."
        )
    return REGISTRY[name]
