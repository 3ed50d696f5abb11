"""The three Assets that link the four DAGs; each event carries the counts and the lag of the task that made it."""

from airflow.sdk import Asset

LANDING = Asset("waybill_landing", uri="x-waybill://landing", group="waybill")
"""New rows of the warehouse have landed."""

DELTA = Asset("waybill_delta", uri="x-waybill://delta", group="waybill")
"""A delta file went through the gate and is open."""

LEDGER = Asset("waybill_ledger", uri="x-waybill://ledger", group="waybill")
"""The ledger was published after a delivery."""
