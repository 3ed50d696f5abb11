"""What became of people's decisions, from what landed to the payload: Limited Data Use, staleness, opt-outs."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from dbt_home import PROJECT, DbtHome

LDU_STATES = {
    "California": 1000, "CO": 1001, " connecticut": 1002, "Florida": 1003, "OR": 1004, "texas": 1005, "Montana": 1006,
    "De": 1007, "Nebraska": 1008, "New Hampshire": 1009, "NJ": 1010, "MINNESOTA": 1011, "Maryland": 1012,
    "Rhode Island": 1013,
}  # fmt: skip
"""The fourteen states of Meta's page on data processing options, as people may write them, and their codes there."""

OTHERS = {"Nevada": "us_other_state", "Puerto Rico": "us_other_state", "": "us_unknown_state", "ZZ": "us_unknown_state"}


PLACES = {
    "eea": ("Deutschland", ""),
    "uk": ("UK", ""),
    "ch": ("Schweiz", ""),
    "us_ldu_state": ("USA", "Oregon"),
    "us_other_state": ("USA", "Nevada"),
    "us_unknown_state": ("USA", ""),
    "other": ("Japan", ""),
    "unknown": ("", ""),
}
"""An address for each region of the policy."""

POLICY = list(csv.DictReader((PROJECT / "seeds" / "consent_policy.csv").read_text().splitlines()))


def policy_rows(happened: datetime) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """A lead for each row of the policy, and what that lead said, if anything; an age of 400 days is to be stale."""
    for number, row in enumerate(POLICY):
        country, state = PLACES[row["privacy_region"]]
        lead = {"lead_id": f"p-{number}", "email": f"p{number}@example.com", "country": country, "state": state}
        said = {"stale": "granted", "unknown": "perhaps"}.get(row["consent_state"], row["consent_state"])
        days = 400 if row["consent_state"] == "stale" else 1
        decision = {
            "subject_id": lead["lead_id"],
            "purpose": "advertising",
            "decision": said,
            "basis": "habit" if row["basis"] == "none" else row["basis"],
            "days": days,
        }
        yield lead, None if (said, row["basis"]) == ("perhaps", "none") else decision


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[DbtHome, str]:
    """Leads that said everything one can say, built; the verdict on an old consent; and built with a maximum age."""
    home = DbtHome(tmp_path_factory.mktemp("home"))
    happened = home.now - timedelta(hours=3)
    submitted = {"status": "new", "is_test": False, "submitted_at": happened, "updated_at": happened}
    states = [*LDU_STATES, *OTHERS]
    of_policy = list(policy_rows(happened))
    home.land(
        "leads",
        [
            *(
                {"lead_id": f"l-{number}", "email": f"l{number}@example.com", "state": state, "country": "us"}
                | submitted
                for number, state in enumerate(states)
            ),
            *(lead | submitted for lead, _ in of_policy),
            {"lead_id": "l-old", "email": "old@example.com", "country": "DE", **submitted},
            {"lead_id": "l-ads-only", "email": "ads@example.com", "country": "DE", **submitted},
            {"lead_id": "l-silent", "email": "silent@example.com", "country": "US", "state": "CA", **submitted},
        ],
    )
    said: list[dict[str, Any]] = [
        {"subject_id": f"l-{number}", "decision": "denied", "purpose": "advertising", "days": 1}
        for number in range(len(states))
    ]
    said += [decision for _, decision in of_policy if decision]
    said += [
        {"subject_id": "l-old", "decision": "granted", "purpose": "advertising", "days": 400},
        {"subject_id": "l-ads-only", "decision": "granted", "purpose": "advertising", "days": 1},
        {"subject_id": "l-ads-only", "decision": "denied", "purpose": "optimization", "days": 1},
    ]
    home.land(
        "consents",
        [
            {
                "consent_id": f"d-{number}",
                "subject_type": "lead",
                "decided_at": happened - timedelta(days=one.pop("days")),
                **one,
            }
            for number, one in enumerate(said)
        ],
    )
    home.build()
    verdict_on_old_consent = home.meta("shop/leads/l-old")["verdict"]
    home.consent_max_age_days = 365
    home.build()
    return home, verdict_on_old_consent


@pytest.fixture(scope="module")
def home(built: tuple[DbtHome, str]) -> DbtHome:
    return built[0]


def limits(home: DbtHome, lead: str) -> dict[str, Any]:
    payload = json.loads(home.meta(f"shop/leads/{lead}")["payload"])
    return {key: payload[key] for key in payload if key.startswith(("data_processing", "opt_out"))}


def test_who_objected_in_the_fourteen_states_is_sent_under_limited_data_use_of_their_state(home: DbtHome) -> None:
    found = {state: limits(home, f"l-{number}") for number, state in enumerate(LDU_STATES)}
    assert found == {
        state: {
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 1,
            "data_processing_options_state": code,
        }
        for state, code in LDU_STATES.items()
    }


def test_who_objected_anywhere_else_in_the_united_states_is_withheld(home: DbtHome) -> None:
    for number, (state, region) in enumerate(OTHERS.items(), start=len(LDU_STATES)):
        row = home.meta(f"shop/leads/l-{number}")
        assert (row["verdict"], row["reasons"]) == ("withheld", ["ours:consent_denied"]), state
        [event] = home.query(
            "select privacy_region from marts.fct_conversion_events where source_key = ?", f"shop/leads/l-{number}"
        )
        assert event["privacy_region"] == region, state


def test_who_said_nothing_there_or_agreed_here_is_sent_without_limits(home: DbtHome) -> None:
    assert limits(home, "l-silent") == {}
    assert limits(home, "l-ads-only") == {"opt_out": True}


def test_a_maximum_age_that_is_set_later_is_asked_of_events_of_earlier_builds(built: tuple[DbtHome, str]) -> None:
    home, before = built
    row = home.meta("shop/leads/l-old")
    assert (before, row["verdict"], row["reasons"]) == ("sendable", "withheld", ["ours:consent_stale"])


def test_every_row_of_the_policy_is_what_happens(home: DbtHome) -> None:
    events = home.query("select source_key, consent_treatment from marts.fct_conversion_events")
    found = {event["source_key"]: event["consent_treatment"] for event in events}
    assert len(POLICY) == 8 * 5 * 4
    wrong = [row for number, row in enumerate(POLICY) if found[f"shop/leads/p-{number}"] != row["treatment"]]
    assert wrong == []
