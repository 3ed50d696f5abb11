"""The second line: what a log record must not say is masked, whoever wrote it; and errors are told without a row."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from waybill.redaction import MASKED, Redaction, install, places_of
from waybill.settings import child_environment, load_settings
from waybill.warehouse.dbt_child import without_values

TOKEN = "EAAB-zqcanary-token"
PASSWORD = "zq canary/pass"
TELLING = [
    "zq.canary+7@example.com",
    "Zq.Canary%40example.com",
    "zq.canary%2540example.com",
    "+12025550142",
    "+1 (202) 555-0142",
    "Bearer abc.def-123",
    "?access_token=abcdef&x=1",
    TOKEN,
    PASSWORD,
    "zq%20canary%2Fpass",
]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of the root logger writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def secrets(home: Path) -> frozenset[str]:
    return load_settings(
        {
            "WAYBILL_HOME": str(home),
            "WAYBILL_META_DATASET_ID": "77",
            "WAYBILL_META_ACCESS_TOKEN": TOKEN,
            "WAYBILL_WAREHOUSE_URI": "postgresql://reader:zq%20canary%2Fpass@db.example.com/shop?sslpassword=alsomine",
            "WAYBILL_LEDGER_URI": "postgresql://writer@db.example.com/ledger",
        }
    ).secrets()


def test_the_secrets_are_the_tokens_and_the_passwords_and_no_address_without_one(tmp_path: Path) -> None:
    known = secrets(tmp_path)
    assert {TOKEN, PASSWORD, "zq%20canary%2Fpass", "alsomine"} < known
    assert not any("writer@" in secret for secret in known) and len(known) == 5


@pytest.mark.parametrize("text", TELLING)
def test_a_record_does_not_say_it(tmp_path: Path, written: io.StringIO, text: str) -> None:
    install(secrets(tmp_path))
    log = logging.getLogger("some.library")
    log.error("before %s after", text)
    try:
        raise ValueError(f"could not convert '{text}'")
    except ValueError:
        log.exception("it failed")
    log.error({"cell": text})
    said = written.getvalue()
    kept = text.removeprefix("Bearer ").removeprefix("?access_token=").removesuffix("&x=1")
    assert kept not in said and said.count(MASKED) >= 3
    assert "before " in said and " after" in said and "ValueError" in said and "test_redaction.py" in said


@pytest.mark.parametrize(
    "text",
    [
        "shop/orders/10042/1 accepted at 2026-11-20T12:00:00+00:00 in 12 ms",
        "postgresql://db.example.com:5432/shop",
        "purchase_1000042 +5 rows, 1234567890 bytes, 12:00:00+01:00",
        "POST /v26.0/1029384756/events HTTP/1.1 200 None",
    ],
)
def test_what_tells_nothing_is_left_as_it_is(text: str) -> None:
    record = logging.LogRecord("a", logging.INFO, "a.py", 1, "%s", (text,), None)
    assert Redaction(["secret"]).filter(record) and record.getMessage() == text and record.args == (text,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"access_token": "zqcanary", "n": 1}', '{"access_token": "***", "n": 1}'),
        ("{'access_token': 'zqcanary', 'n': 1}", "{'access_token': '***', 'n': 1}"),
        ('{\\"access_token\\":\\"zqcanary\\"}', '{\\"access_token\\":\\"***\\"}'),
        ("{'Authorization': 'Bearer zqcanary'}", "{'Authorization': '***'}"),
        ("Authorization: Basic enFjYW5hcnk=", "Authorization: Basic ***"),
        ("authorization: OAuth zqcanary", "authorization: OAuth ***"),
        ("postgresql://reader:zqcanary@db.example.com/shop", "postgresql://reader:***@db.example.com/shop"),
        ("x?api_key=zqcanary&n=1", "x?api_key=***&n=1"),
        ("password=zqcanary dbname=shop", "password=*** dbname=shop"),
        ("call +44\u00a07700\u00a0900123 now", "call *** now"),
        ("call +44 7700\u2013900123_1", "call ***_1"),
        ("tel_\uff0b447700900123", "tel_***"),
        ("+\u0664\u0664\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663", "***"),
        ("for jane@exam\u200bple.com", "for ***"),
        ("for jane@\u0909\u0926\u093e\u0939\u0930\u0923.\u092d\u093e\u0930\u0924", "for ***"),
        ("for jane%40example%2Ecom", "for ***"),
        ('for "zq canary"@example.com', "for ***"),
    ],
)
def test_a_disguise_does_not_help_and_the_rest_stays(text: str, told: str) -> None:
    assert Redaction().mask(text) == told


@pytest.mark.parametrize("exc_info", [True, ValueError("zq.canary@example.com"), (ValueError, None)])
def test_a_record_that_no_logger_made_ends_nobodys_step(exc_info: object) -> None:
    record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "it failed", (), exc_info)  # type: ignore[arg-type]
    assert Redaction().filter(record)
    assert "zq.canary" not in logging.Formatter().format(record)


def test_what_is_given_beside_the_message_is_masked_too(written: io.StringIO) -> None:
    install([TOKEN])
    stack = "Stack: zq.canary@example.com"
    extra = {
        "who": "zq.canary@example.com",
        "cells": {"token": TOKEN},
        "number": 12,
        "list": ["a"],
        "odd": [Unspeakable()],
    }
    record = logging.makeLogRecord({"msg": "said", "stack_info": stack, **extra})
    for handler in logging.getLogger().handlers:
        handler.filter(record)
    assert (record.who, record.number, record.list) == (MASKED, 12, ["a"])  # type: ignore[attr-defined]
    assert TOKEN not in str(record.cells) and record.stack_info == f"Stack: {MASKED}"  # type: ignore[attr-defined]


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("zq.canary@example.com")


@pytest.mark.parametrize(
    ("message", "value", "kept"),
    [
        ("%d rows of jane@example.com", "zq.canary@example.com", f"(TypeError): %d rows of {MASKED}"),
        ("%s rows", Unspeakable(), "(ValueError): %s rows"),
        (Unspeakable(), None, "(ValueError): Unspeakable"),
    ],
)
def test_a_faulty_record_ends_nobodys_step_and_is_told_without_its_values(
    written: io.StringIO, message: object, value: object, kept: str
) -> None:
    install([])
    logging.getLogger("some.library").error(message, value)
    assert written.getvalue() == f"A log record could not be put together {kept}\n"


def test_installing_again_replaces_the_secrets(written: io.StringIO) -> None:
    install(["first-secret"])
    install(["second-secret"])
    logging.getLogger("a").error("first-secret second-secret")
    assert written.getvalue() == f"first-secret {MASKED}\n"
    [handler] = [one for one in logging.getLogger().handlers if getattr(one, "stream", None) is written]
    assert len(handler.filters) == 1


def test_an_unforeseen_error_is_told_by_type_and_place_alone() -> None:
    try:
        int("zq.canary@example.com")
    except ValueError as error:
        told = places_of(error)
    assert "ValueError" in told and "test_redaction.py" in told and "zq.canary" not in told


def test_the_command_line_tells_an_unforeseen_error_without_its_text(tmp_path: Path) -> None:
    source = (
        "import sys\nfrom waybill import jobs\nfrom waybill.cli import main\n"
        "def fail(settings):\n    raise ValueError('zq.canary@example.com')\n"
        "jobs.publish = fail\nsys.argv = ['waybill', 'publish']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], env={"WAYBILL_HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ValueError" in done.stderr and "zq.canary" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select\n    cast(email as integer) as number\nfrom people", "LINE 2: cast(email as integer) as number"),
        ("select cast(digits as decimal(3, 1)) from people", "column digits"),
        ("select digits * digits * digits from people", "OutOfRangeException"),
        ("select json_extract(email, '$.x') from people", "InvalidInputException"),
        ("select cast(spoof as integer) from people", "ConversionException"),
        ("select error(email) from people", "InvalidInputException"),
    ],
)
def test_dbt_is_told_of_an_error_without_the_value(query: str, told: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table people as select 'zq.canary@example.com' as email, 4155550123 as digits, "
            "'x when casting from source column zqcanary\nLINE 1: zqcanary' as spoof"
        )
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(query).fetchall()
    text = without_values(caught.value, query)
    assert told in text
    assert not any(value in text for value in ("zq.canary", "4155550123", "zqcanary"))


def test_dbt_is_told_in_full_what_is_wrong_with_a_query() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute("select missing from range(3)")
    assert "missing" in without_values(caught.value, "select missing from range(3)")


def test_a_dbt_process_gets_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("WAYBILL_META_ACCESS_TOKEN", "WAYBILL_WAREHOUSE_URI", "AIRFLOW_CONN_WAYBILL_META", "PGPASSWORD"),
        *("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AWS_SECRET_ACCESS_KEY"),
    ):
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("DBT_ENV_SECRET_OF_A_PROFILE", "for dbt")
    child = child_environment(load_settings({"WAYBILL_HOME": str(tmp_path)}))
    assert TOKEN not in child.values()
    assert child["DBT_ENV_SECRET_OF_A_PROFILE"] == "for dbt" and child["WAYBILL_HOME"] == str(tmp_path)
    assert child["PATH"]
