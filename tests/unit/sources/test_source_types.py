"""Declared types against what a warehouse has, and casts that never change a value."""

from decimal import Decimal

import pyarrow as pa
import pytest

from waybill.errors import ConfigurationError
from waybill.sources.types import arrow_type, as_declared, check


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("varchar", "uuid"),
        ("varchar", "BIGINT"),
        ("integer", "SMALLINT"),
        ("bigint", "integer"),
        ("double", "double precision"),
        ("decimal(18,4)", "NUMERIC(10,2)"),
        ("decimal(18,4)", "numeric"),
        ("decimal(18,4)", "bigint"),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamptz", "timestamp(3) without time zone"),
        ("timestamptz", "TIMESTAMP_NS"),
    ],
)
def test_types_that_can_be_read(declared: str, found: str) -> None:
    check("orders", {"column": declared}, {"column": found})


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("integer", "BIGINT"),
        ("decimal(18,4)", "DOUBLE"),
        ("decimal(18,4)", "text"),
        ("timestamptz", "date"),
        ("timestamptz", "VARCHAR"),
        ("boolean", "integer"),
        ("date", "timestamp without time zone"),
    ],
)
def test_types_that_would_change_values_are_refused(declared: str, found: str) -> None:
    with pytest.raises(ConfigurationError, match=r"column is .* cannot be read as"):
        check("orders", {"column": declared}, {"column": found})


def test_all_problems_of_a_table_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"Table orders .* a is missing; b is text"):
        check("orders", {"a": "varchar", "b": "boolean", "c": "varchar"}, {"b": "text", "c": "text"})


@pytest.mark.parametrize("values", [["1.23456"], ["NaN"], ["123456789012345678.0000"], [Decimal("0.00001")]])
def test_a_decimal_that_does_not_fit_is_an_error_not_a_rounded_value(values: list[object]) -> None:
    schema = pa.schema([pa.field("total", arrow_type("decimal(18,4)"))])
    with pytest.raises(ConfigurationError, match="values in total"):
        as_declared("orders", pa.record_batch([pa.array(values)], names=["total"]), schema)


def test_a_decimal_that_fits_is_exact() -> None:
    schema = pa.schema([pa.field("total", arrow_type("decimal(18,4)"))])
    batch = pa.record_batch([pa.array(["12345678901234.5678", "-0.0001", None, "7"])], names=["total"])
    exact = [Decimal("12345678901234.5678"), Decimal("-0.0001"), None, Decimal("7.0000")]
    assert as_declared("orders", batch, schema)["total"].to_pylist() == exact
