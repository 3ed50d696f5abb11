"""What the gate expects, in code: rules for rows and rules for the file as a set; their limits are ``Thresholds``.

A row rule is named by its defect, because the name is also the reason that a quarantined row carries. How a rule is
computed is in ``examine.sql``; that Great Expectations decides on it is in ``validate.py``. Importing this module
costs nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waybill.thresholds import Thresholds

SUITE_VERSION: Final = "7"
"""Grows whenever a rule changes; together with the thresholds it says what a row was judged by."""


def suite_version(thresholds: Thresholds) -> str:
    """The version of the rules and their limits: a quarantined row or closed file is judged again by another one."""
    return f"{SUITE_VERSION}-{hashlib.sha256(thresholds.model_dump_json().encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class RowRule:
    """One expectation about every judged row; a row that fails it is quarantined, and ``name`` is the reason."""

    name: str
    expects: str


@dataclass(frozen=True)
class SetRule:
    """One expectation about a measure of the whole file; ``sample`` is the measure that must reach ``minimum``.

    A smaller file is judged together with the enrolled ones before it (``trails``). A rule that compares with the weeks
    before (``compares``) waits until there are enough of them.
    """

    name: str
    expects: str
    threshold: str = ""
    """The field of ``Thresholds`` that the measure may not exceed; empty for measures that must be 0."""
    sample: str = "judged"
    minimum: str = ""
    trails: bool = True
    compares: bool = False
    age: str = "history_days"
    """The measure that says how long the weeks before are."""

    def limit(self, thresholds: Thresholds) -> float:
        return float(getattr(thresholds, self.threshold)) if self.threshold else 0.0

    def needed(self, thresholds: Thresholds) -> int:
        """How large the sample must be."""
        return int(getattr(thresholds, self.minimum)) if self.minimum else 0

    @property
    def counted(self) -> str:
        """The sample as the trailing window counts it."""
        return "judged" if self.sample == "comparable" else self.sample

    def applies(self, measures: Mapping[str, float], thresholds: Thresholds) -> bool:
        """Whether these rows are enough for this rule to mean anything."""
        return not self.minimum or measures[self.sample] >= self.needed(thresholds)

    def waits(self, measures: Mapping[str, float], thresholds: Thresholds) -> bool:
        """Whether there is too little of a history to compare with."""
        return self.compares and measures[self.age] < thresholds.minimum_history_days


def _landed(name: str, expects: str, *, compares: bool = False) -> SetRule:
    return SetRule(f"landed_{name}", expects, f"landed_{name}", "", trails=False, compares=compares, age="landed_days")


LANDED_RULES: Final = (
    SetRule(
        "landed_columns_not_as_declared", "the newest landing file of each table has the declared columns", sample=""
    ),
    SetRule("landed_keys_repeated", "no key is there twice in a landing file", sample=""),
    _landed("rows_overdue", "rows of a table that the weeks before had by now since its newest row", compares=True),
    _landed(
        "rows_times_norm",
        "rows of a table in these hours, as a multiple of the weeks before or of a usual import",
        compares=True,
    ),
    _landed(
        "rows_missing",
        "rows of a table that a day had in the weeks before, as a multiple of those of the last day",
        compares=True,
    ),
    _landed(
        "null_share_rise",
        "points by which more rows of a table lack a column than in the weeks before",
        compares=True,
    ),
)
"""What must be true of what landed since the last enrolment; the delta file made of it closes where it is not."""

HASHED_IDENTIFIERS: Final = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id")
"""Keys of user_data that the platform takes hashed only (Meta: customer information parameters)."""

_HASH_RULES = tuple(
    RowRule(
        f"{key}_not_sha256", f"every {key} is a lower-case SHA-256, with or without Meta's Parameter Builder suffix"
    )
    for key in HASHED_IDENTIFIERS
)

ROW_RULES: Final = (
    RowRule("source_key_missing", "the row names the source key it came from"),
    RowRule("source_key_repeated", "a source key appears once per event name in the file"),
    RowRule("source_key_is_contact_data", "the source key does not look like an e-mail address or a phone number"),
    RowRule("event_id_missing", "the row has an event_id"),
    RowRule("event_id_too_long", "the event_id has at most 64 characters"),
    RowRule("event_id_taken", "no earlier conversion carries this event_id"),
    RowRule("event_id_repeated", "no other row of the file carries this event_id"),
    RowRule("event_id_is_contact_data", "the event_id does not look like an e-mail address or a phone number"),
    RowRule("event_name_missing", "the row has an event_name"),
    RowRule("event_name_too_long", "the event_name has at most 50 characters"),
    RowRule("dataset_missing", "the row names the dataset it goes to"),
    RowRule("payload_not_json", "the payload is one valid JSON object"),
    RowRule("payload_digest_wrong", "payload_digest is the SHA-256 of the payload"),
    RowRule("payload_keys_unknown", "the payload has only keys that the platform documents, each once"),
    RowRule("event_id_differs", "the payload's event_id is the row's"),
    RowRule("event_name_differs", "the payload's event_name is the row's"),
    RowRule("action_source_unknown", "action_source is one that the platform knows"),
    RowRule("event_source_url_not_http", "event_source_url and referrer_url begin with http:// or https://"),
    RowRule("event_time_differs", "event_time is occurred_at in whole seconds"),
    RowRule("event_time_in_future", "the event happened before the file was frozen (60 seconds are forgiven)"),
    RowRule("expired", "the row's expires_at is after the freeze"),
    RowRule(
        "expires_after_window",
        "expires_at is inside the platform's window (7 days after the event, 62 for physical_store)",
    ),
    RowRule("user_data_empty", "user_data holds at least one identifier"),
    RowRule("user_data_too_broad", "the identifiers are more than a place, a device or half a name"),
    *_HASH_RULES,
    RowRule("hash_of_nothing", "no identifier is the hash of an empty text or a placeholder"),
    RowRule("client_ip_address_malformed", "client_ip_address is an IPv4 or IPv6 address"),
    RowRule("client_user_agent_malformed", "client_user_agent is a text that is not empty"),
    RowRule("fbc_malformed", "fbc has the form fb.number.milliseconds.click-id"),
    RowRule("fbp_malformed", "fbp has the form fb.number.milliseconds.number"),
    RowRule(
        "clear_identifier_malformed",
        "lead_id, subscription_id, madid, anon_id and the numbers of logins, pages and accounts have their forms",
    ),
    RowRule(
        "limited_data_use_malformed",
        "Limited Data Use names its country and state as the platform numbers them, or an address to find them by",
    ),
    RowRule("opt_out_malformed", "opt_out is true or false"),
    RowRule("value_missing", "a Purchase has a value"),
    RowRule("value_not_sane", "the value is a number that is not negative and not absurdly large"),
    RowRule(
        "amount_not_sane",
        "net_revenue, predicted_ltv, prices and quantities are sane numbers, and none but net_revenue is below zero",
    ),
    RowRule("value_differs", "the payload's value is the row's, rounded to the currency's unit"),
    RowRule("value_far_above_median", "the value is not thousands of times the median of its currency in this file"),
    RowRule("currency_missing", "a Purchase, and any event with a value, has a currency"),
    RowRule("currency_unknown", "the currency is an ISO 4217 code"),
    RowRule("currency_differs", "the payload's currency is the row's"),
    RowRule("email_in_payload", "nothing in the payload looks like an e-mail address"),
    RowRule("phone_in_payload", "no text of the payload looks like a phone number"),
    RowRule("postal_address_in_payload", "no text of the payload has a street, its number and a postal code together"),
    RowRule(
        "personal_parameter_in_url", "no address in the payload has a parameter named for contact data or a secret"
    ),
)


def _one_identifier(key: str, threshold: str = "one_identifier_share") -> SetRule:
    expects = f"largest share of orders and leads with the same {key}"
    return SetRule(f"one_{key}_share", expects, threshold, sample="orders", minimum="minimum_rows")


SET_RULES: Final = (
    *LANDED_RULES,
    SetRule("columns_not_as_contracted", "the delta file has the contract's columns, in its order and types"),
    SetRule("rows_not_at_their_position", "row_number is the row's position in the file"),
    SetRule(
        "quarantined_share",
        "share of rows that were quarantined, with those left out since the last enrolment",
        "quarantined_share",
        minimum="minimum_rows",
    ),
    SetRule(
        "past_expiry_share",
        "share of all rows whose time to be sent was over when the file was frozen",
        "past_expiry_share",
        sample="frozen",
        minimum="minimum_rows",
    ),
    _one_identifier("em"),
    _one_identifier("ph"),
    _one_identifier("external_id"),
    _one_identifier("fbp"),
    _one_identifier("fbc"),
    _one_identifier("client_ip_address", "one_client_ip_address_share"),
    SetRule(
        "one_event_id_share",
        "largest share of rows with the same event_id",
        "one_identifier_share",
        minimum="minimum_rows",
    ),
    SetRule(
        "one_event_time_share",
        "largest share of orders and leads at the same second (physical stores and what systems make aside)",
        "one_event_time_share",
        sample="orders",
        minimum="minimum_rows",
    ),
    SetRule(
        "no_email_and_no_phone_share",
        "share of rows with neither e-mail nor phone",
        "no_email_and_no_phone_share",
        minimum="minimum_rows",
    ),
    SetRule(
        "zero_value_share",
        "share of Purchases with value 0",
        "zero_value_share",
        sample="purchases",
        minimum="minimum_rows",
    ),
    SetRule(
        "one_value_share",
        "largest share of Purchases with the same value",
        "one_value_share",
        sample="purchases",
        minimum="minimum_rows_of_one_value",
    ),
    SetRule("currencies", "number of currencies", "currencies", minimum="minimum_rows"),
    SetRule(
        "repeated_order_share",
        "share of orders that are several Purchases (physical stores aside)",
        "repeated_order_share",
        sample="purchase_orders",
        minimum="minimum_rows",
    ),
    SetRule(
        "median_value_share_of_largest",
        "median value of a currency as a share of the largest sane value",
        "median_value_share_of_largest",
        sample="purchases",
        minimum="minimum_rows",
        trails=False,
    ),
    SetRule(
        "enrolled_before_share",
        "share of rows whose order or lead was enrolled before, under another source key or for a new event name",
        "enrolled_before_share",
        minimum="minimum_rows",
    ),
    SetRule(
        "withheld_now_sendable_share",
        "share of events here, of those (50 at least) that an earlier build withheld because somebody had refused",
        "withheld_now_sendable_share",
    ),
    SetRule(
        "changed_history_share",
        "enrolled events that builds since the last enrolment would make otherwise, as a share of a week's",
        "changed_history_share",
        sample="enrolled_lately",
        minimum="minimum_rows",
        trails=False,
        compares=True,
    ),
    SetRule(
        "events_times_norm",
        "events in these hours, of one name, as a multiple of the same hours in the weeks before",
        "events_times_norm",
        compares=True,
    ),
    SetRule(
        "value_times_norm",
        "value in these hours, of one event name and currency, as a multiple of the same hours in the weeks before",
        "value_times_norm",
        compares=True,
    ),
    SetRule(
        "values_out_of_range_share",
        "largest share of a currency's Purchases five times below or above the values of the weeks before",
        "values_out_of_range_share",
        trails=False,  # each currency by itself, in the SQL
        compares=True,
    ),
    *(
        SetRule(
            f"{of}_mix_shift",
            f"share of rows that would need another {part} for the mix of the weeks before",
            f"{of}_mix_shift",
            minimum="minimum_rows_of_coverage",
            compares=True,
        )
        for of, part in (
            ("event", "event name"),
            ("currency", "currency"),
            ("dataset", "dataset"),
            ("action_source", "action_source"),
        )
    ),
    SetRule(
        "rows_in_new_currency",
        "rows in a currency in which nothing was enrolled before",
        "rows_in_new_currency",
        compares=True,
    ),
    *(
        SetRule(
            f"{key}_coverage_drop",
            f"points by which fewer rows have {key} than those of the same kind in the weeks before",
            f"{key}_coverage_drop",
            sample="comparable",
            minimum="minimum_rows_of_coverage",
            compares=True,
        )
        for key in ("em", "ph")
    ),
)
