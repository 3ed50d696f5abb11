"""The mutation table: planted defects, where each is planted, which layer catches it, and by what name.

Rows, payloads and sets are spoilt as in ``defects`` and ``test_gate_sets``; models are edited in a copy of the dbt
project; the last guards get files that no gate has looked at. ``docs/gate.md`` prints this table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from defects import ONE_EACH, Spoil

SCAN = ("email_in_payload", "phone_in_payload", "postal_address_in_payload", "personal_parameter_in_url")
"""The rules that look for contact data in the text of a payload, whatever its keys."""


@dataclass(frozen=True)
class Mutation:
    """One planted defect in words, where it is planted, the layer that catches it, and its expectation's name."""

    defect: str
    where: str
    layer: str
    expectation: str


ROWS = {
    "source_key_missing": "a row without a source key",
    "source_key_repeated": "one order twice in a file",
    "source_key_is_contact_data": "an e-mail address as source key",
    "event_id_missing": "a row without an event_id",
    "event_id_too_long": "an event_id of 65 characters",
    "event_id_taken": "an event_id that an earlier conversion has",
    "event_id_repeated": "two rows with one event_id",
    "event_id_is_contact_data": "a phone number as event_id",
    "event_name_missing": "an event without a name",
    "event_name_too_long": "an event_name of 51 characters",
    "dataset_missing": "an event for no dataset",
    "payload_not_json": "a payload cut off in the middle",
    "payload_digest_wrong": "a payload that is not the digested one",
    "payload_keys_unknown": "a key that the platform does not know",
    "event_id_differs": "another event_id in the payload than in the row",
    "event_name_differs": "another event_name in the payload than in the row",
    "action_source_unknown": "an action_source that the platform does not know",
    "event_source_url_not_http": "an address without a scheme",
    "event_time_differs": "an event_time five seconds off",
    "event_time_in_future": "an event in two hours' time",
    "expired": "an event that is past its expiry",
    "expires_after_window": "an expiry behind the platform's window",
    "user_data_empty": "an event of nobody",
    "user_data_too_broad": "a country and a browser as the only identifiers",
    "em_not_sha256": "an e-mail hash in upper case",
    "ph_not_sha256": "a phone number in clear",
    "fn_not_sha256": "a first name in clear",
    "ln_not_sha256": "a last name in clear",
    "ge_not_sha256": "a gender in clear",
    "db_not_sha256": "a birth date in clear",
    "ct_not_sha256": "a city in clear",
    "st_not_sha256": "an MD5 for a state",
    "zp_not_sha256": "a postcode in clear",
    "country_not_sha256": "a country in clear",
    "external_id_not_sha256": "a customer number as a number",
    "hash_of_nothing": "the hash of an empty text",
    "client_ip_address_malformed": "an IP address of 777",
    "client_user_agent_malformed": "an empty user agent",
    "fbc_malformed": "a bare click id for fbc",
    "fbp_malformed": "a word for a number in fbp",
    "clear_identifier_malformed": "a name as subscription_id",
    "limited_data_use_malformed": "Limited Data Use in small letters",
    "opt_out_malformed": "opt_out as a text",
    "value_missing": "a Purchase without a value",
    "value_not_sane": "a value below zero",
    "amount_not_sane": "a net_revenue of minus a thousand billions",
    "value_differs": "cents for euros in the payload",
    "value_far_above_median": "a value of nine million",
    "currency_missing": "a value without a currency",
    "currency_unknown": "EURO for EUR",
    "currency_differs": "EUR in the payload, CHF in the row",
    "email_in_payload": "an e-mail address in a product's name",
    "phone_in_payload": "a phone number in a product's name",
    "postal_address_in_payload": "a street, a house number and a postcode in a product's name",
    "personal_parameter_in_url": "a first name in an address's parameter",
}
"""Row rule → the defect that is planted for it, in words."""

SETS = {
    "quarantined_share": "a third of the rows with broken digests",
    "one_em_share": "a third of the orders of one e-mail address",
    "one_ph_share": "a third of the orders of one phone number",
    "one_event_id_share": "a fifth of the rows, and one more, with one event_id",
    "one_external_id_share": "a third of the orders of one customer, the guest",
    "one_fbp_share": "a third of the orders of one browser",
    "one_fbc_share": "a third of the orders of one click",
    "one_client_ip_address_share": "a third of the orders from one address, the proxy's",
    "one_event_time_share": "two thirds of the orders in one second",
    "no_email_and_no_phone_share": "e-mail and phone lost for everybody",
    "zero_value_share": "most Purchases for nothing",
    "one_value_share": "every Purchase at one price",
    "currencies": "thirty currencies",
    "median_value_share_of_largest": "values in cents, twice",
    "past_expiry_share": "a month read as a day: two thirds are long past",
    "repeated_order_share": "a join that makes two Purchases of every third order",
}

TABLES = {
    "columns_not_as_contracted": "a column is missing",
    "rows_not_at_their_position": "two rows have changed places",
}

GUARDS = {
    "events_times_norm": "six times the orders",
    "value_times_norm": "four times the orders at four times the price",
    "values_out_of_range_share": "every fourth value a hundredth of what it is",
    "event_mix_shift": "leads only; where are the orders?",
    "currency_mix_shift": "every price in dollars",
    "dataset_mix_shift": "everything to another brand's dataset",
    "action_source_mix_shift": "everything as if it happened in a store",
    "rows_in_new_currency": "an order in a currency that was never seen",
    "em_coverage_drop": "e-mail lost for most",
    "ph_coverage_drop": "phone lost for everybody",
    "withheld_now_sendable_share": "most of those who refused are sent after all",
    "enrolled_before_share": "half of history under new source keys",
    "changed_history_share": "a build that would change most of what was sent",
}
"""Rules that compare with the weeks before."""

LANDED = {
    "landed_rows_overdue": "the export has died",
    "landed_rows_times_norm": "every order landed nine times under new keys",
    "landed_rows_missing": "nine of ten orders did not land",
    "landed_null_share_rise": "the currency is gone from every order",
    "landed_keys_repeated": "three orders twice in one window",
    "landed_columns_not_as_declared": "a flag that landed as a text",
}


@dataclass(frozen=True)
class ModelMutation:
    """One edit of the dbt project and the test of it that must fail."""

    defect: str
    file: str
    old: str
    new: str
    test: str


MODELS = (
    ModelMutation(
        "e-mail addresses are hashed with the blanks around them",
        "macros/normalization/normalize_em.sql",
        "lowered(waybill.composed(address), made_of=value)",
        "lowered(waybill.composed(value), made_of=value)",
        "normalize_em",
    ),
    ModelMutation(
        "American postcodes keep their last four digits",
        "macros/normalization/normalize_zp.sql",
        "then left(words, 5)",
        "then words",
        "normalize_zp",
    ),
    ModelMutation(
        "birth dates are read in the other order",
        "macros/normalization/normalize_db.sql",
        "= 'dmy' then",
        "= 'mdy' then",
        "normalize_db",
    ),
    ModelMutation(
        "an event_id has a random part",
        "macros/keys/event_id.sql",
        "<= 64 then {{ id }}",
        "<= 64 then {{ id }} || cast(random() as varchar)",
        "event_id",
    ),
    ModelMutation(
        "keys with slashes run into each other",
        "macros/keys/source_key.sql",
        "replace(replace({{ value }}, '%', '%25'), '/', '%2F')",
        "{{ value }}",
        "source_key",
    ),
    ModelMutation(
        "a captured event_id may be an e-mail address",
        "macros/keys/event_id.sql",
        "'^[^@＠﹫",
        "'^[^",
        "captured_event_id",
    ),
    ModelMutation(
        "yen have cents",
        "macros/engine/json.sql",
        "when 0 then cast(cast({{ value }} as decimal(18, 0)) as varchar)",
        "when 0 then cast(cast({{ value }} as decimal(18, 2)) as varchar)",
        "json_amount",
    ),
    ModelMutation(
        "an order that was never paid is a Purchase",
        "models/intermediate/conversions/int_orders_judged.sql",
        "case when not is_paid then",
        "case when false then",
        "what_is_no_purchase",
    ),
    ModelMutation(
        "the newest click wins over the one that the Pixel spoke of",
        "models/intermediate/conversions/int_clicks_chosen.sql",
        "case when event_id is not null then 0 else 1 end,",
        "case when event_id is not null then 0 else 0 end,",
        "the_click_that_speaks_for_an_order",
    ),
    ModelMutation(
        "what was decided since the event is not asked",
        "models/intermediate/conversions/int_consent_decisions.sql",
        "when 'withhold' in (treatment_at_event, treatment_now) then",
        "when 'withhold' in (treatment_at_event) then",
        "consent_is_asked_as_of_the_event_and_as_of_now",
    ),
    ModelMutation(
        "an agreement lasts ten times as long",
        "models/intermediate/conversions/int_consent_decisions.sql",
        "> oldest_consent.max_age_days * 86400.0",
        "> oldest_consent.max_age_days * 864000.0",
        "an_agreement_grows_stale",
    ),
    ModelMutation(
        "platforms learn from whoever objected",
        "models/intermediate/conversions/int_consent_decisions.sql",
        "coalesce(optimization_now.decision in ('denied', 'withdrawn'), false) as is_opt_out",
        "false as is_opt_out",
        "who_does_not_want_platforms_to_learn_from_them",
    ),
    ModelMutation(
        "the oldest version of an order counts",
        "macros/incremental/newest_versions.sql",
        "order by updated_at desc, _extracted_at asc",
        "order by updated_at asc, _extracted_at asc",
        "the_newest_version_of_an_order",
    ),
    ModelMutation(
        "a gender and a browser are enough to tell somebody",
        "models/destinations/meta/int_meta_judged.sql",
        "case when is_below_baseline then",
        "case when false then",
        "too_little_about_the_person",
    ),
    ModelMutation(
        "an event can be sent for eight days",
        "macros/events/meta.sql",
        "else interval '7 days' end",
        "else interval '8 days' end",
        "until_when_an_event_can_be_sent",
    ),
    ModelMutation(
        "a Purchase may cost less than nothing",
        "models/destinations/meta/int_meta_judged.sql",
        "case when value_sent < 0 then",
        "case when value_sent < -1e12 then",
        "what_meta_would_refuse_of_a_purchase",
    ),
    ModelMutation(
        "whoever refused is sent all the same",
        "models/destinations/meta/int_meta_judged.sql",
        "when consent_treatment = 'withhold' then 'withheld'",
        "when consent_treatment = 'never' then 'withheld'",
        "consent_decides_who_is_withheld",
    ),
    ModelMutation(
        "the time of an event is in milliseconds",
        "models/destinations/meta/int_meta_payloads.sql",
        "'event_time': json_integer(epoch_seconds('occurred_at')),\n        'event_id'",
        "'event_time': json_integer(epoch_seconds('occurred_at') ~ ' * 1000'),\n        'event_id'",
        "the_payload_of_a_purchase",
    ),
    ModelMutation(
        "an objection is left out of the payload",
        "macros/events/limits.sql",
        "case when is_opt_out then 'true' end",
        "case when false then 'true' end",
        "what_a_person_limits_stands_in_the_payload",
    ),
    ModelMutation(
        "a click of last year tells of today's order",
        "models/marts/conversions/fct_conversion_events.sql",
        "{{ fbc_in_time('conversions.fbc', 'conversions.occurred_at') }} as fbc",
        "conversions.fbc as fbc",
        "a_click_that_cannot_have_led_to_the_event_is_left_out",
    ),
)

FREEZE = {
    "enrolled": "a conversion that was sent is sendable again",
    "event_id_taken": "two conversions of one build with one event_id",
}

ENROLMENT = {
    "repeats 1 source keys": "a file that brings a sent order again",
    "1 event ids": "a file that brings a sent event_id again",
    "is not the one that was frozen": "a file that was changed behind its decision",
    "made about another file": "a decision that was made about another file",
    "is missing or is not": "a list of quarantined rows that was changed",
    "the gate closed": "a closed file",
    "was edited after the gate wrote it": "a decision that was edited from closed to open",
    "was changed after it was written": "a word that was edited from closed to open",
    "which the ledger does not hold": "a ledger that is older than what was sent",
    "is out of place or has no payload": "a row without a payload",
}
"""What enrolment says → the defect, in files whose gate says that they are open (but for the closed ones)."""


def table() -> Iterator[Mutation]:
    """Every planted defect."""
    for name, defect in ROWS.items():
        scans = name in SCAN
        yield Mutation(defect, "payload" if scans else "row", "payload scan" if scans else "row rules", name)
    for name, defect in SETS.items():
        yield Mutation(defect, "set", "set rules", name)
    for name, defect in TABLES.items():
        yield Mutation(defect, "file", "set rules", name)
    for name, defect in GUARDS.items():
        yield Mutation(defect, "set", "guards", name)
    for name, defect in LANDED.items():
        yield Mutation(defect, "landed data", "landed suite", name)
    for model in MODELS:
        yield Mutation(model.defect, "model", "dbt tests", model.test)
    for name, defect in FREEZE.items():
        yield Mutation(defect, "build", "freeze", name)
    for name, defect in ENROLMENT.items():
        yield Mutation(defect, "file", "enrolment", name)


def markdown() -> str:
    """The table as ``docs/gate.md`` prints it."""
    lines = ["| planted | defect | caught by | named |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {m.where} | {m.defect} | {m.layer} | `{m.expectation}` |" for m in table())])


def spoil_of(name: str) -> Spoil:
    """The first way to break a row rule."""
    return next(spoil for rule, spoil in ONE_EACH if rule == name)
