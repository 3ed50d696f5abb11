"""The scans that look for contact data, on texts that hold some and on texts that only look like it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from waybill.quality.examine import sql
from waybill.warehouse.macros import MacroText

PROJECT = Path(__file__).parents[3] / "dbt_project"


@pytest.fixture(scope="module")
def scan() -> Iterator[duckdb.DuckDBPyConnection]:
    macros = sql("examine").split("create or replace temp table", 1)[0]
    with duckdb.connect() as connection:
        connection.execute(macros)
        yield connection


def found(scan: duckdb.DuckDBPyConnection, macro: str, text: str) -> bool:
    return bool(scan.execute(f"select {macro}($text)", {"text": text}).fetchall()[0][0])


@pytest.mark.parametrize(
    "text",
    [
        "jane.roe@example.com",
        '{"content_name":"for JANE.ROE+x@EXAMPLE.CO.UK, thanks"}',
        "https://shop.example.com/?u=jane.roe%40example.com",
        "https://shop.example.com/?u=jane.roe%2540example.com",
        "tést@example.com",
        "用户@例子.广告",
        "https://jane:secret@example.com/",
        "o'neil@example.com",
        "jane@उदाहरण.भारत",
        "andre\u0301@example.com",
        "jane@exa\u0308mple.com",
        "jane\uff20example.com",
        "jane@example\uff0ecom",
        "jane\u200b@example.com",
        "jane@exam\u00adple.com",
        "jane@example.\u200bcom",
        "https://shop.example.com/?u=jane%40example%2Ecom",
    ],
)
def test_an_email_address_is_found(scan: duckdb.DuckDBPyConnection, text: str) -> None:
    assert found(scan, "has_email", text)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.example.com/@jane/post.html",
        "https://maps.example.com/maps/@52.5200,13.4050,15z",
        "shirt@2x",
        "a @ b.example.com",
        "fb.1.1763000000000.IwAR0_x-y",
        "Mozilla/5.0 (Linux; Android 16; SM-S938B; wv) Chrome/142.0.7444.102 Mobile Safari/537.36",
    ],
)
def test_what_is_no_email_address_passes(scan: duckdb.DuckDBPyConnection, text: str) -> None:
    assert not found(scan, "has_email", text)


@pytest.mark.parametrize(
    "text",
    [
        "+447700900123",
        "call +44 7700 900123 today",
        "+1 (650) 555-0101",
        "+49-30-23125 123",
        "(650) 555-0101",
        "650-555-0101",
        "650.555.0101",
        "call 650-555-0101.",
        "call 07700 900123. Thanks",
        "07700 900123",
        "020 7946 0018",
        "01 99 00 12 34",
        "030/23125123",
        "https://shop.example.com/?n=+447700900123",
        "https://shop.example.com/?n=%2B447700900123&x=1",
    ],
)
def test_a_phone_number_is_found(scan: duckdb.DuckDBPyConnection, text: str) -> None:
    assert found(scan, "has_phone", text)


@pytest.mark.parametrize(
    "text",
    [
        "purchase_100000012345",
        "1763000000000",
        "4006381333931",
        "0012345678905",
        "111-1234567-1234567",
        "2026-1234-5678",
        "550e8400-e29b-41d4-a716-446655440000",
        "20261120T120000000000Z",
        "2026-11-20 12:00:00",
        "220-240 V / 50 Hz, 1000 x 2000 mm",
        "Model 0815 2000",
        "https://shop.example.com/p/4006381333931?size=10+12&page=2",
        "https://shop.example.com/spring-100-200-3000.html",
        "https://shop.example.com/200-300-4000.html",
        "203.0.113.77",
        "10+ items, 24/7, 30% off, €1.299.000",
        "fb.1.1763000000000.1234567890",
    ],
)
def test_what_is_no_phone_number_passes(scan: duckdb.DuckDBPyConnection, text: str) -> None:
    assert not found(scan, "has_phone", text)


@pytest.fixture(scope="module")
def hidden() -> str:
    """SQL of what staging makes of a key."""
    return MacroText(PROJECT, ("engine", "keys")).render("{{ hidden_key('$text') }}")


@pytest.mark.parametrize(
    "key",
    [
        "+447700900123_1",
        "+447700900123_20261120",
        "tel_+447700900123",
        "web-+447700900123",
        "x.+447700900123",
        "order+447700900123",
        "order_650-555-0101",
        "650-555-0101_20261120",
        "call_07700 900123_1",
        "+44\u00a07700\u00a0900123",
        "+44\u200b7700\u00ad900123",
        "+44 7700\u2013900123",
        "+44 7700\u2011900123",
        "+44\u22127700\u2212900123",
        "(650)\u00a0555\u20130101",
        "\uff0b447700900123",
        "+\uff14\uff14\uff17\uff17\uff10\uff10\uff19\uff10\uff10\uff11\uff12\uff13",
        "+\u0664\u0664\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663",
    ],
)
def test_a_phone_number_in_a_key_is_seen_at_staging_and_at_the_gate(
    scan: duckdb.DuckDBPyConnection, hidden: str, key: str
) -> None:
    assert found(scan, "has_phone", f"shop/orders/{key}")
    assert scan.execute(f"select {hidden}", {"text": key}).fetchall()[0][0].startswith("hidden_")
    assert scan.execute("select shown_event($id, 7)", {"id": f"purchase_{key}"}).fetchall() == [("row 7",)]


@pytest.mark.parametrize(
    "key",
    [
        "ORD-2026-000123",
        "ORD_2026_000123-1",
        "550e8400-e29b-41d4-a716-446655440000",
        "01JD3X5V8Q2ZK7RWM4T9BNCYFH",
        "2026-11-20T12:00:00+01:00",
        "20261120_0930-123456",
        "W-200-300-4000",
        "order_0815-123456",
        "EAIaIQobChMI-555-0101_BwE",
        "1234567890",
        "447700900123",
        "100000000012345",
        "Cj0KCQiA+b1c2d3e4f5g6",
        "10+12345678",
        "+12345678901234567",
        "Größe 38–40",
    ],
)
def test_an_ordinary_key_stays_as_it_is(scan: duckdb.DuckDBPyConnection, hidden: str, key: str) -> None:
    assert not found(scan, "has_phone", f"shop/orders/{key}")
    assert scan.execute(f"select {hidden}", {"text": key}).fetchall() == [(key,)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example.com/?q=grinder+4006381333931", False),
        ("https://shop.example.com/?n=+44\u00a07700\u00a0900123", True),
        ("https://shop.example.com/?n=650-555-0101", True),
    ],
)
def test_a_plus_behind_a_word_of_an_address_is_a_blank(
    scan: duckdb.DuckDBPyConnection, url: str, expected: bool
) -> None:
    assert found(scan, "has_phone_in_url", url) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example.com/?email=x", True),
        ("https://shop.example.com/?a=1&First_Name=x", True),
        ("https://shop.example.com/#access_token=x", True),
        ("https://shop.example.com/?a=1&phone=5", True),
        ("https://shop.example.com/?user_email=x", True),
        ("https://shop.example.com/?a=1&billing_email=x", True),
        ("https://shop.example.com/?customer[email]=x", True),
        ("https://shop.example.com/?customer[first_name]=x", True),
        ("https://shop.example.com/?contact_phone=5", True),
        ("https://shop.example.com/?token=x", True),
        ("https://shop.example.com/?api_key=x", True),
        ("https://shop.example.com/?client-secret=x", True),
        ("https://shop.example.com/?auth=x", True),
        ("https://shop.example.com/#session_id=x", True),
        ("https://shop.example.com/?is_mobile=1&iphone=15&ip_address=1&tokens=3&author=x", False),
        ("https://shop.example.com/user_email=/?page=2", False),
        ("https://shop.example.com/?utm_source=mail&utm_medium=email", False),
        ("https://shop.example.com/?email=", False),
        ("https://shop.example.com/?hotel=5&mobile_view=1", False),
    ],
)
def test_parameters_named_for_contact_data(scan: duckdb.DuckDBPyConnection, url: str, expected: bool) -> None:
    assert found(scan, "has_personal_parameter", url) is expected


@pytest.mark.parametrize(
    ("event_id", "shown"),
    [
        ("purchase_100001", "purchase_100001"),
        ("a.b:c-d_9", "a.b:c-d_9"),
        ("jane@example.com", "row 7"),
        ("+447700900123", "row 7"),
        ("447700900123", "row 7"),
        ("650-555-0101", "row 7"),
        ("Jane Roe", "row 7"),
        ("<b>", "row 7"),
        ("x" * 65, "row 7"),
        (None, "row 7"),
    ],
)
def test_an_event_id_is_shown_only_when_it_is_harmless(
    scan: duckdb.DuckDBPyConnection, event_id: str | None, shown: str
) -> None:
    assert scan.execute("select shown_event($id, 7)", {"id": event_id}).fetchall() == [(shown,)]


@pytest.mark.parametrize(
    ("document", "lenient"),
    [
        ('{"value":NaN}', True),
        ('{"value":[-Infinity]}', True),
        ('{"a":[1,2,]}', True),
        ('{"a":1, }', True),
        ('{"a":"NaN,}","b":"Ferdinand, Info \\", }"}', False),
    ],
)
def test_json_that_only_duckdb_would_read(scan: duckdb.DuckDBPyConnection, document: str, lenient: bool) -> None:
    assert found(scan, "is_lenient_json", document) is lenient


@pytest.mark.parametrize(
    "text",
    [
        "to 12 Example Street, Exampletown EX4 4PL",
        "12 Example Street\nExampletown\nEX4 4PL",
        "Musterstra\u00dfe 7\n01234 Musterstadt",
        "8 alle\u0301e de l'Exemple, 00100 Ville",
        "1600 Sample Avenue NW, Town, DC 20500-0003",
        "10 Example Rd Toronto M5V 2T6",
        "Musterstraße 7, 01234 Musterstadt",
        "Beispielgasse 4, 1010 Wien",
        "Calle de la Muestra, 12, 28001 Madrid",
        "https://shop.example.com/?to=8+rue+de+l'Exemple,+00100+Ville",
    ],
)
def test_a_postal_address_is_found(scan: duckdb.DuckDBPyConnection, text: str) -> None:
    assert found(scan, "has_postal_address", text)


@pytest.mark.parametrize(
    "text",
    [
        "42nd Street Poster, 2026",
        "12 road bikes\x1f98765",
        "221b Baker Street, tea towel of 2025",
        "12 best road bikes of 2026",
        "Monopoly: 12 streets 98765",
        "5 st pack 123456",
        "iPhone 15 Pro 256 GB 12345",
        "https://shop.example.com/street/12/item-12345",
        "Norweg 12, Artikel 4711",
    ],
)
def test_what_is_no_postal_address_passes(scan: duckdb.DuckDBPyConnection, text: str) -> None:
    assert not found(scan, "has_postal_address", text)
