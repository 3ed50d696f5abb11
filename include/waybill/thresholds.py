"""Every number that the gate's rules depend on: `[gate]` in waybill.toml, and `[destinations.<name>.gate]` over it.

Shares and points are between 0 and 1; a rule's limit may be reached, not exceeded.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Rows = Annotated[int, Field(ge=1)]
Times = Annotated[float, Field(ge=1)]


class Thresholds(BaseModel):
    """What the gate lets pass of one destination's delta files; what each limit is about stands in the suite."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    largest_value: float = Field(default=1e7, gt=0)
    """The largest sane value of one event, in major units of most currencies."""
    largest_value_of_small_units: float = Field(default=1e11, gt=0)
    """The same for currencies whose unit is worth very little (IDR, VND, KRW, …)."""
    times_median_value: Times = 10_000.0
    """A value more than this many times the median of its currency in the file is an outlier."""

    minimum_rows: Rows = 50
    """Set rules need a sample: below this many they are not judged."""
    minimum_rows_of_one_value: Rows = 100
    quarantined_share: Share = 0.20
    past_expiry_share: Share = 0.30
    one_identifier_share: Share = 0.20
    one_client_ip_address_share: Share = 0.30
    one_event_time_share: Share = 0.50
    no_email_and_no_phone_share: Share = 0.90
    zero_value_share: Share = 0.50
    one_value_share: Share = 0.99
    currencies: Rows = 25
    repeated_order_share: Share = 0.20
    median_value_share_of_largest: Share = 0.01

    minimum_history_days: Rows = 7
    """What compares with the weeks before waits for this many days since the first enrolment."""
    minimum_rows_of_coverage: Rows = 200
    """How many rows a comparison of coverage, or of a mix, needs."""
    events_times_norm: Times = 5.0
    value_times_norm: Times = 10.0
    values_out_of_range_share: Share = 0.10
    event_mix_shift: Share = 0.50
    currency_mix_shift: Share = 0.40
    dataset_mix_shift: Share = 0.50
    action_source_mix_shift: Share = 0.50
    rows_in_new_currency: int = Field(default=0, ge=0)
    em_coverage_drop: Share = 0.25
    ph_coverage_drop: Share = 0.25
    enrolled_before_share: Share = 0.20
    changed_history_share: Share = 0.50
    withheld_now_sendable_share: Share = 0.20

    landed_minimum_rows: Rows = 1000
    """How many rows a share of nulls needs; windows overlap, so that most rows land several times."""
    landed_rows_overdue: float = Field(default=100.0, ge=0)
    landed_rows_times_norm: Times = 5.0
    landed_rows_missing: Times = 5.0
    landed_null_share_rise: Share = 0.50
