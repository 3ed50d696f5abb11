"""What is wrong with the contact data in one's own warehouse, and what events carry of it: counts, never a value.

It reads two reports of the dbt project, which analysts can query as well; the warehouse file is held for that long.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import duckdb

from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.settings import Settings
from waybill.warehouse.build import alone, open_warehouse

ADVICE: Final = {
    "hashed_twice": "These are hashes of hashes and match nobody. Land the address in clear, or the first hash.",
    "not_sha256": "MD5 and other digests match nobody and are dropped. Land the value in clear, or its SHA-256.",
    "hash_of_nothing": "Somebody hashed empty fields; they are dropped. Hash only what is there.",
    "already_hashed": "Sent as it is. Whether it was normalised before it was hashed cannot be seen any more.",
    "not_a_phone_number_without_country": "Fill in the country, or set default_country for the source in waybill.toml.",
    "not_a_phone_number": "No numbering plan has these numbers in that country; they are dropped, never guessed.",
    "ambiguous_date": 'Read month first. Set date_order = "dmy" or "mdy" for this source in waybill.toml.',
    "unknown_country": "Add the spelling to the seed country_aliases; without it phones and postal codes suffer too.",
    "placeholder": "Dropped: somebody wrote that there is nothing to write.",
    "not_an_email": "Dropped: no address can look like this.",
    "several_addresses": "Each is sent, hashed by itself.",
}
"""What can be done about a finding, where something can."""

CARRIED: Final = (
    "em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id",
    "client_ip_address", "client_user_agent", "fbc", "fbp", "lead_id", "captured_event_id",
)  # fmt: skip

_CONTACT_DATA = """
select
    subject_type,
    identifier,
    sum(subjects) as subjects,
    sum(subjects) filter (is_sent) as sent,
    map(list(finding order by subjects desc, finding), list(subjects order by subjects desc, finding)) as findings,
from marts.rpt_contact_data
group by subject_type, identifier
order by subject_type, list_position($identifiers, identifier)
"""

_EVENTS = """
select event_name, action_source, sum(events), {sums}
from marts.rpt_identifier_coverage
group by event_name, action_source
order by sum(events) desc, event_name, action_source
"""


@dataclass(frozen=True)
class Identifier:
    """One identifier of customers or of leads: how many there are, how many of them are sent, and what was found."""

    subject_type: str
    identifier: str
    subjects: int
    sent: int
    findings: dict[str, int]


@dataclass(frozen=True)
class EventCoverage:
    """How many events of one name and action source there are, and how many carry each identifier."""

    event_name: str
    action_source: str
    events: int
    carrying: dict[str, int]


@dataclass(frozen=True)
class Examination:
    """What the doctor found."""

    identifiers: list[Identifier]
    events: list[EventCoverage]

    def advice(self) -> dict[str, str]:
        """What can be done about what was found, by finding."""
        found = {finding for identifier in self.identifiers for finding in identifier.findings}
        return {finding: text for finding, text in ADVICE.items() if finding in found}

    def as_json(self) -> dict[str, Any]:
        return {
            "contact_data": [asdict(identifier) for identifier in self.identifiers],
            "events": [asdict(event) for event in self.events],
            "advice": self.advice(),
        }


def examine(settings: Settings) -> Examination:
    """Counts what is wrong with the newest landed contact data, and what the events of the marts carry.

    Raises ConfigurationError before the first build, SourceUnavailable while another process holds the warehouse file.
    """
    home = settings.home
    if not home.warehouse_file.exists():
        raise ConfigurationError(f"Nothing has been built in {home.root} yet. Run `waybill build` first.")
    with alone(home), open_warehouse(home) as warehouse:
        try:
            return _examine(warehouse)
        except duckdb.CatalogException:
            raise ConfigurationError(
                f"{home.warehouse_file} lacks the reports on contact data. Run `waybill build`, which makes them."
            ) from None
        except duckdb.Error as error:
            # DuckDB's messages quote the values they stumble over.
            raise SourceUnavailable(
                f"The contact data in {home.landing} cannot be read ({type(error).__name__}). Run `waybill build` "
                "to see which file or model is damaged."
            ) from None


def _examine(warehouse: duckdb.DuckDBPyConnection) -> Examination:
    warehouse.execute("set enable_progress_bar = false")
    found = warehouse.execute(_CONTACT_DATA, {"identifiers": list(CARRIED)}).fetchall()
    sums = ", ".join(f"sum(with_{name})" for name in CARRIED)
    carried = warehouse.execute(_EVENTS.format(sums=sums)).fetchall()
    return Examination(
        identifiers=[
            Identifier(subject_type, identifier, int(subjects), int(sent or 0), findings)
            for subject_type, identifier, subjects, sent, findings in found
        ],
        events=[
            EventCoverage(name, action_source, int(events), dict(zip(CARRIED, map(int, counts), strict=True)))
            for name, action_source, events, *counts in carried
        ],
    )
