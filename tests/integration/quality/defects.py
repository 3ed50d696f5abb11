"""Planted defects: what each one does to a clean row, and the one expectation that must catch it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from deltas import NOW, Row, hashed

Spoil = Callable[[Row], None]


def column(**values: object) -> Spoil:
    return lambda row: row.columns.update(values)


def top(**values: object) -> Spoil:
    return lambda row: row.payload.update(values)


def user(**values: object) -> Spoil:
    return lambda row: row.user.update(values)


def custom(**values: object) -> Spoil:
    return lambda row: row.custom.update(values)


def without(key: str) -> Spoil:
    return lambda row: row.custom.pop(key)


def limited(option: str, country: object, state: object) -> Spoil:
    return top(
        data_processing_options=[option],
        data_processing_options_country=country,
        data_processing_options_state=state,
    )


def raw(text: str) -> Spoil:
    return lambda row: setattr(row, "raw_payload", text)


def both(**values: str) -> Spoil:
    def spoil(row: Row) -> None:
        row.columns.update(values)
        row.payload.update(values)

    return spoil


def worth(payload: object, value: object) -> Spoil:
    def spoil(row: Row) -> None:
        row.custom.update(value=payload, currency="EUR")
        row.columns.update(value=Decimal(str(value)), currency="EUR")

    return spoil


def in_currency(payload: str, code: str) -> Spoil:
    def spoil(row: Row) -> None:
        row.custom["currency"], row.columns["currency"] = payload, code

    return spoil


def happened(later: timedelta) -> Spoil:
    def spoil(row: Row) -> None:
        row.columns["occurred_at"] = NOW + later
        row.columns["expires_at"] = NOW + later + timedelta(days=6)
        row.payload["event_time"] = int((NOW + later).timestamp())

    return spoil


def nameless(row: Row) -> None:
    row.columns["event_name"] = None
    row.payload.pop("event_name")


def beyond_numbers(row: Row) -> None:
    row.raw_payload = row.finished(0)["payload"].replace('"value":', '"net_revenue":1e999,"value":', 1)


def twice(key: str, value: str) -> Spoil:
    """The same key again behind the first one, as only a broken renderer writes it."""

    def spoil(row: Row) -> None:
        text = row.finished(0)["payload"]
        row.raw_payload = text.replace('"user_data":{', f'"user_data":{{"{key}":"{value}",', 1)

    return spoil


def product_twice(row: Row) -> None:
    row.raw_payload = row.finished(0)["payload"].replace('"contents":[{', '"contents":[{"id":"a",', 1)


UPPER = "A" * 64
MD5 = "0123456789abcdef" * 2

ONE_EACH: list[tuple[str, Spoil]] = [
    ("source_key_missing", column(source_key="")),
    ("source_key_missing", column(source_key=None)),
    ("source_key_repeated", column(source_key="shop/orders/100000")),
    ("source_key_is_contact_data", column(source_key="shop/orders/jane.roe@example.com")),
    ("event_id_missing", column(event_id=None)),
    ("event_id_missing", column(event_id=" ")),
    ("event_id_too_long", both(event_id="p" * 65)),
    ("event_id_taken", column(event_id_taken=True)),
    ("event_id_repeated", both(event_id="purchase_100001")),
    ("event_id_is_contact_data", both(event_id="+447700900123")),
    ("event_name_missing", both(event_name="")),
    ("event_name_missing", nameless),
    ("event_name_too_long", both(event_name="x" * 51)),
    ("dataset_missing", column(dataset=None)),
    ("payload_not_json", raw('{"event_name":"Purchase",')),
    ("payload_not_json", raw("[1]")),
    ("payload_not_json", raw("")),
    ("payload_not_json", raw('{"event_name":NaN}')),
    ("payload_not_json", raw('{"event_name":"Purchase",}')),
    ("payload_digest_wrong", lambda row: setattr(row, "digest", hashed("something else"))),
    ("payload_keys_unknown", top(note="x")),
    ("payload_keys_unknown", user(nickname="x")),
    ("payload_keys_unknown", custom(margin=3)),
    ("payload_keys_unknown", custom(contents=[{"id": "a", "quantity": 1, "owner": "x"}])),
    ("payload_keys_unknown", custom(contents={"id": "a"})),
    ("payload_keys_unknown", twice("external_id", hashed("customer-0"))),
    ("payload_keys_unknown", product_twice),
    ("payload_keys_unknown", custom(store_data={"store_code": "1", "customer_name": "Jane Roe"})),
    ("payload_keys_unknown", custom(content_name={"nickname": "Jane"})),
    ("payload_keys_unknown", custom(customer_segmentation={"first_name": "Jane"})),
    ("payload_keys_unknown", top(customer_segmentation={"first_name": "Jane"})),
    ("payload_keys_unknown", top(original_event_data={"event_name": "Lead", "first_name": "Jane"})),
    ("payload_keys_unknown", top(app_data={"extinfo": ["a2"], "user_name": "Jane Roe"})),
    ("payload_keys_unknown", top(attribution_data=["Jane Roe"])),
    ("event_id_differs", top(event_id="purchase_1")),
    ("event_name_differs", top(event_name="Subscribe")),
    ("action_source_unknown", top(action_source="web")),
    ("event_source_url_not_http", top(event_source_url="shop.example.com/checkout")),
    ("event_source_url_not_http", top(referrer_url="android-app://com.example")),
    ("event_time_differs", lambda row: row.payload.update(event_time=row.payload["event_time"] + 5)),
    ("event_time_differs", lambda row: row.payload.update(event_time=row.payload["event_time"] * 1000)),
    ("event_time_differs", lambda row: row.payload.update(event_time=str(row.payload["event_time"]))),
    ("event_time_in_future", happened(timedelta(hours=2))),
    ("expired", column(expires_at=NOW)),
    ("expired", column(expires_at=None)),
    ("expires_after_window", column(expires_at=NOW + timedelta(days=8))),
    ("user_data_empty", top(user_data={})),
    ("user_data_too_broad", top(user_data={"country": hashed("de"), "client_user_agent": "Mozilla/5.0"})),
    ("user_data_too_broad", top(user_data={"fn": hashed("jane"), "ge": hashed("f")})),
    ("em_not_sha256", user(em=UPPER)),
    ("em_not_sha256", user(em=[])),
    ("em_not_sha256", user(em=[hashed("a@example.com"), MD5])),
    ("em_not_sha256", user(em=hashed("a@example.com") + ".toolong-suffix")),
    ("ph_not_sha256", user(ph="447700900123")),
    ("fn_not_sha256", user(fn="jane")),
    ("ln_not_sha256", user(ln=["roe"])),
    ("ge_not_sha256", user(ge="f")),
    ("db_not_sha256", user(db="19970216")),
    ("ct_not_sha256", user(ct="münchen")),
    ("st_not_sha256", user(st=MD5)),
    ("zp_not_sha256", user(zp="10115")),
    ("country_not_sha256", user(country="de")),
    ("external_id_not_sha256", user(external_id=12345)),
    ("hash_of_nothing", user(fn=hashed(""))),
    ("hash_of_nothing", user(em=[hashed("a@example.com"), hashed("null")])),
    ("client_ip_address_malformed", user(client_ip_address="203.0.113.777")),
    ("client_user_agent_malformed", user(client_user_agent="")),
    ("fbc_malformed", user(fbc="IwAR0abcdef")),
    ("fbp_malformed", user(fbp="fb.one.1763000000000.1")),
    ("clear_identifier_malformed", user(subscription_id="Jane Roe")),
    ("clear_identifier_malformed", user(lead_id="447700900123")),
    ("clear_identifier_malformed", user(fb_login_id="Jane Roe")),
    ("clear_identifier_malformed", user(madid="447700900123")),
    ("clear_identifier_malformed", user(anon_id="Jane Roe")),
    ("clear_identifier_malformed", user(ig_sid={"name": "Jane Roe"})),
    ("limited_data_use_malformed", limited("ldu", 1, 1000)),
    ("limited_data_use_malformed", limited("LDU", 1, 1014)),
    ("limited_data_use_malformed", limited("LDU", 2, 1000)),
    ("limited_data_use_malformed", limited("LDU", 1, "1000")),
    ("limited_data_use_malformed", top(data_processing_options=["LDU"])),
    ("limited_data_use_malformed", top(data_processing_options=[], data_processing_options_country=1)),
    ("limited_data_use_malformed", top(data_processing_options_country=1, data_processing_options_state=1000)),
    ("opt_out_malformed", top(opt_out="true")),
    ("value_missing", without("value")),
    ("value_not_sane", worth(-1, -1)),
    ("value_not_sane", worth("12.50", "12.5")),
    ("value_not_sane", worth(2e7, 20_000_000)),
    ("amount_not_sane", custom(net_revenue=-1e15)),
    ("amount_not_sane", custom(predicted_ltv=1e30)),
    ("amount_not_sane", custom(num_items="two")),
    ("amount_not_sane", custom(contents=[{"id": "a", "quantity": -5}])),
    ("amount_not_sane", custom(contents=[{"id": "a", "quantity": 1}, {"id": "b", "item_price": -1}])),
    ("amount_not_sane", beyond_numbers),
    ("value_differs", worth(1250, "12.5")),
    ("value_far_above_median", worth(9_000_000, 9_000_000)),
    ("currency_missing", without("currency")),
    ("currency_unknown", in_currency("EURO", "EURO")),
    ("currency_differs", in_currency("EUR", "CHF")),
    ("email_in_payload", custom(content_name="a gift for jane.roe@example.com")),
    ("email_in_payload", top(event_source_url="https://shop.example.com/?for=jane.roe%40example.com")),
    ("phone_in_payload", custom(content_name="please call +44 7700 900123")),
    ("phone_in_payload", custom(contents=[{"id": "a", "quantity": 1, "title": "for (650) 555-0101"}])),
    ("phone_in_payload", top(event_source_url="https://shop.example.com/?n=%2B447700900123")),
    ("postal_address_in_payload", custom(content_name="to 12 Example Street, Exampletown EX4 4PL")),
    ("postal_address_in_payload", custom(contents=[{"id": "a", "title": "an die Musterstraße 7, 01234 Musterstadt"}])),
    ("phone_in_payload", custom(order_id="+447700900123")),
    ("phone_in_payload", custom(content_ids=["sku-1", "+447700900123"])),
    ("phone_in_payload", custom(contents=[{"id": "tel_+447700900123", "quantity": 1}])),
    ("phone_in_payload", custom(item_number="+447700900123")),
    ("phone_in_payload", custom(delivery_category="to Jane, +44\u00a07700\u00a0900123")),
    ("phone_in_payload", user(subscription_id="+447700900123")),
    ("phone_in_payload", user(client_user_agent="Mozilla/5.0 callback +447700900123")),
    ("phone_in_payload", top(app_data={"install_referrer": "+447700900123"})),
    ("postal_address_in_payload", custom(content_ids=["12 Example Street, Exampletown EX4 4PL"])),
    ("postal_address_in_payload", custom(order_id="12 Example Street\r\nExampletown\nEX4 4PL")),
    ("email_in_payload", custom(content_name="andre\u0301@example.com")),
    ("email_in_payload", top(referrer_url="https://shop.example.com/?for=jane%EF%BC%A0example%2Ecom")),
    (
        "postal_address_in_payload",
        top(event_source_url="https://shop.example.com/?to=8+rue+de+l%27Exemple,+00100+Ville"),
    ),
    ("personal_parameter_in_url", top(referrer_url="https://shop.example.com/?first_name=x")),
]
"""A name may come several times: different ways to break the same rule. Every one is caught by its rule alone."""


def planted(rows: list[Row]) -> dict[int, str]:
    """Spoils one website Purchase per defect, and says which row has which."""
    websites = [
        position
        for position, row in enumerate(rows)
        if position > 5 and row.columns["event_kind"] == "website_purchase"
    ]
    where = dict(zip(websites, ONE_EACH, strict=False))
    assert len(where) == len(ONE_EACH)
    for position, (_, spoil) in where.items():
        spoil(rows[position])
    return {position: name for position, (name, _) in where.items()}
