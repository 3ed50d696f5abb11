"""What Airflow's provider manager learns from the installed package: two connection types and their forms."""

from typing import Any


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}


def get_provider_info() -> dict[str, Any]:
    """The entry point ``apache_airflow_provider``; shown under *Providers* and *Connections* in the UI."""
    return {
        "package-name": "waybill",
        "name": "Waybill",
        "description": "Carries conversions from a warehouse to the ad platforms' conversion APIs.",
        "connection-types": [
            {
                "connection-type": "waybill_meta",
                "hook-class-name": "waybill.airflow.hook.MetaHook",
                "hook-name": "Waybill: Meta Conversions API",
                "conn-fields": {
                    "dataset_id": _text("Dataset ID", "The dataset (Pixel) that receives the events."),
                    "base_url": _text("Base URL", "Leave empty for https://graph.facebook.com."),
                    "start_at": _text(
                        "Start", "From when conversions are Waybill's to report, such as 2026-11-01T00:00:00Z."
                    ),
                    "test_event_code": _text("Test event code", "Marks events for Events Manager's test page."),
                },
                "ui-field-behaviour": {
                    "hidden-fields": ["host", "port", "login", "schema", "extra"],
                    "relabeling": {"password": "Access token"},
                    "placeholders": {},
                },
            },
            {
                "connection-type": "waybill_duckdb",
                "hook-class-name": "waybill.airflow.hook.WarehouseHook",
                "hook-name": "Waybill warehouse (DuckDB file)",
                "ui-field-behaviour": {
                    "hidden-fields": ["port", "login", "password", "schema", "extra"],
                    "relabeling": {"host": "File"},
                    "placeholders": {"host": "/absolute/path/shop.duckdb"},
                },
            },
        ],
    }
