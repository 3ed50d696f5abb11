"""The report on contact data counts what the identities really became, and tells apart what is wrong with the rest."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from dbt_home import DbtHome

IDENTIFIERS = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id")
JANE = "jane@example.com"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


CUSTOMERS: list[dict[str, Any]] = [
    {"email": JANE, "phone": "+1 650 555 0142", "birth_date": "3/4/1990", "gender": "f", "city": "Berlin"},
    {"email": _sha256(JANE), "phone": "030 2312500", "birth_date": "13/4/1990", "country": "Atlantis"},
    {"email": _sha256(_sha256(JANE)), "phone": "030 23125001", "country": "Germany"},
    {"email": _md5(JANE), "phone": "123", "country": "Germany", "birth_date": "yesterday"},
    {"email": _sha256(""), "phone": "n/a", "country": "unbekannt", "first_name": "anonymous"},
    {"email": "a@example.com; b@example.com", "gender": "other", "city": "12345", "last_name": "..."},
    {"email": "nobody", "phone": " ", "state": "California", "country": "us", "postal_code": "94035"},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> DbtHome:
    home = DbtHome(tmp_path_factory.mktemp("home"))
    home.land("customers", [{"customer_id": f"c{number}", **row} for number, row in enumerate(CUSTOMERS)])
    home.land("customers", [{"customer_id": "c6", **CUSTOMERS[6], "email": "still-nobody"}])
    home.land("leads", [{"lead_id": "l1", "email": "LEAD@example.com", "phone": None, "is_test": False}])
    home.build()
    return home


def test_every_finding_is_counted_for_its_identifier(home: DbtHome) -> None:
    found = home.query("select * from marts.rpt_contact_data where subject_type = 'customer'")
    told = {(row["identifier"], row["finding"]): row["subjects"] for row in found}
    assert {finding: count for (identifier, finding), count in told.items() if identifier == "em"} == {
        "in_clear": 1,
        "already_hashed": 1,
        "hashed_twice": 1,
        "not_sha256": 1,
        "hash_of_nothing": 1,
        "several_addresses": 1,
        "not_an_email": 1,
    }
    assert {finding: count for (identifier, finding), count in told.items() if identifier == "ph"} == {
        "in_clear": 2,
        "not_a_phone_number_without_country": 1,
        "not_a_phone_number": 1,
        "placeholder": 1,
        "empty": 2,
    }
    assert told["db", "ambiguous_date"] == told["db", "in_clear"] == told["db", "not_a_birth_date"] == 1
    assert told["country", "unknown_country"] == told["country", "placeholder"] == 1
    assert told["ge", "not_f_or_m"] == told["ct", "no_letter"] == told["fn", "placeholder"] == 1


def test_what_is_sent_is_what_the_identities_hold(home: DbtHome) -> None:
    for subject_type in ("customer", "lead"):
        [held] = home.query(
            f"select {', '.join(f'count({name}) as {name}' for name in IDENTIFIERS)} "
            "from intermediate.int_identities_latest where subject_type = ?",
            subject_type,
        )
        sent = home.query(
            "select identifier, sum(subjects) as subjects from marts.rpt_contact_data "
            "where is_sent and subject_type = ? group by identifier",
            subject_type,
        )
        assert {row["identifier"]: row["subjects"] for row in sent} == {name: n for name, n in held.items() if n}


def test_a_country_of_the_source_itself_counts_as_sent(home: DbtHome, tmp_path: Path) -> None:
    other = DbtHome(tmp_path, default_country="de", date_order="dmy")
    other.land("customers", [{"customer_id": "c1", "phone": "030 23125001", "birth_date": "3/4/1990"}])
    other.build()
    found = other.query("select identifier, finding from marts.rpt_contact_data where is_sent order by 1")
    assert [(row["identifier"], row["finding"]) for row in found] == [
        ("country", "in_clear"),
        ("db", "in_clear"),
        ("external_id", "in_clear"),
        ("ph", "in_clear"),
    ]
