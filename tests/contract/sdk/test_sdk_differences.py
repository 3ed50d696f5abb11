"""What Meta's SDK and Waybill make of the same identifiers differs where docs/identifiers.md says so, nowhere else."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from identifier_inputs import inputs
from identifier_page import fill, tables
from sdk_differences import BY_FIELD, FIELDS, Case, class_of, theirs
from sql_normalizers import normalized

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "identifiers.md"
CASES = ROOT / "dbt_project" / "seeds" / "macro_cases" / "identifier_cases.csv"


@pytest.fixture(scope="module")
def cases() -> Sequence[Case]:
    """Every case of the seed; what it expects is what the macros give, by the dbt tests of the seed."""
    with CASES.open(newline="", encoding="utf-8") as file:
        return [
            Case(
                field=row["field"],
                text=row["input"],
                country=row["country"],
                theirs=theirs(row["field"], row["input"]),
                ours=row["expected"] or None,
            )
            for row in csv.DictReader(file)
            if not row["date_order"]  # the SDK has no such setting
        ]


def test_every_field_is_tried_and_documented(cases: Sequence[Case]) -> None:
    assert {case.field for case in cases} == set(FIELDS) == set(BY_FIELD)


def test_the_macros_give_what_the_cases_expect(cases: Sequence[Case]) -> None:
    made = normalized([(case.field, case.text, case.country) for case in cases])
    assert list(made) == [case.ours for case in cases]


def test_every_difference_is_documented(cases: Sequence[Case]) -> None:
    assert [case for case in cases if case.differs and class_of(case) is None] == []


@pytest.fixture(scope="module", params=[20261121], ids="seed-{}".format)
def made_up(request: pytest.FixtureRequest) -> Sequence[Case]:
    """Several hundred inputs of every field, made from a seed."""
    asked = sorted(set(inputs(request.param, each=400)))
    return [
        Case(field=one.field, text=one.text, country=one.country, theirs=theirs(one.field, one.text), ours=ours)
        for one, ours in zip(asked, normalized(asked), strict=True)
    ]


def test_made_up_inputs_differ_only_as_documented(made_up: Sequence[Case]) -> None:
    assert [case for case in made_up if case.differs and class_of(case) is None] == []
    assert {case.field for case in made_up if not case.differs} == set(FIELDS)


def test_every_documented_difference_exists(cases: Sequence[Case], made_up: Sequence[Case]) -> None:
    found = {one.name for case in (*cases, *made_up) if case.differs and (one := class_of(case)) is not None}
    assert {one.name for classes in BY_FIELD.values() for one in classes} <= found


def test_the_page_is_what_the_cases_say(cases: Sequence[Case], update_golden: bool) -> None:
    page = PAGE.read_text(encoding="utf-8")
    made = fill(page, tables(cases))
    if update_golden:
        PAGE.write_text(made, encoding="utf-8")
    else:
        assert page == made, "docs/identifiers.md is stale; pytest tests/contract/sdk --update-golden writes it anew"
