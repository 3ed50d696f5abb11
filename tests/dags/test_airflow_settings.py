"""Connections become settings, and errors of ours end a task the way their meaning asks for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]

META = json.dumps(
    {
        "conn_type": "waybill_meta",
        "password": "token-of-the-connection",
        "extra": {"dataset_id": "77", "base_url": "http://127.0.0.1:9", "start_at": "2026-11-01T00:00:00Z"},
    }
)
SHOW = """
import json
from waybill.airflow.settings import airflow_settings
settings = airflow_settings()
meta = settings.destinations["meta"]
print(json.dumps({
    "datasets": {name: [d.dataset_id, d.access_token.get_secret_value()] for name, d in meta.datasets.items()},
    "base_url": meta.base_url,
    "start_at": meta.start_at.isoformat() if meta.start_at else None,
    "warehouse": settings.warehouse_uri.get_secret_value() if settings.warehouse_uri else None,
}))
"""
FAIL = """
import json
from waybill import errors
from waybill.airflow.tasks import run
ends = {}
names = "ConfigurationError GateClosed LedgerConflict SourceUnavailable DestinationUnavailable BuildFailed"
for name in names.split():
    def job(settings):
        try:
            raise ValueError("jane@example.com")
        except ValueError as error:
            raise getattr(errors, name)("what happened") from error
    try:
        run(job)
    except Exception as error:
        ends[name] = [type(error).__name__, str(error), error.__suppress_context__ and error.__cause__ is None]
print(json.dumps(ends))
"""
NOTES = """
import json
import logging
from waybill.airflow.tasks import run

class Report:
    notes = ("2 events expire within 6 hours",)
    def counts(self):
        return {"expiring_soon": 2}

seen = []
handler = logging.Handler()
handler.emit = lambda record: seen.append([record.levelname, record.getMessage()])
logging.getLogger("waybill").addHandler(handler)
print(json.dumps([run(lambda settings: Report()), seen]))
"""
MASKED = """
import json, io, logging
from airflow.sdk._shared.secrets_masker import redact
from waybill.airflow.settings import airflow_settings
stream = io.StringIO()
logging.getLogger().addHandler(logging.StreamHandler(stream))
settings = airflow_settings()
token = settings.destinations["meta"].datasets["main"].access_token.get_secret_value()
logging.getLogger("some.library").warning("%s and %s and p@ss/word and jane@example.com", token, "p%40ss%2Fword")
print(json.dumps([stream.getvalue().splitlines()[-1], redact(f"{token} p@ss/word p%40ss%2Fword")]))
"""
PROVIDER = """
import json
from airflow.providers_manager import ProvidersManager
manager = ProvidersManager()
hooks = {kind: hook.hook_class_name for kind, hook in manager.hooks.items() if hook and kind.startswith("waybill")}
fields = [name for name in manager.connection_form_widgets if "waybill_meta" in name]
print(json.dumps([hooks, fields, manager.field_behaviours["waybill_meta"]["relabeling"]]))
"""


def test_without_connections_the_environment_alone_serves(run_python: Run) -> None:
    assert run_python(
        SHOW,
        WAYBILL_META_DATASET_ID="55",
        WAYBILL_META_ACCESS_TOKEN="token-of-the-environment",
        WAYBILL_WAREHOUSE_URI="duckdb:////tmp/shop.duckdb",
    ) == {
        "datasets": {"main": ["55", "token-of-the-environment"]},
        "base_url": "https://graph.facebook.com",
        "start_at": None,
        "warehouse": "duckdb:////tmp/shop.duckdb",
    }


def test_connections_are_laid_over_the_environment(run_python: Run) -> None:
    assert run_python(
        SHOW,
        WAYBILL_META_DATASET_ID="55",
        WAYBILL_META_ACCESS_TOKEN="token-of-the-environment",
        AIRFLOW_CONN_WAYBILL_META=META,
        AIRFLOW_CONN_WAYBILL_WAREHOUSE="postgres://reader:p%40ss%2Fword@db.example.com:5433/shop?sslmode=require",
    ) == {
        "datasets": {"main": ["77", "token-of-the-connection"]},
        "base_url": "http://127.0.0.1:9",
        "start_at": "2026-11-01T00:00:00+00:00",
        "warehouse": "postgresql://reader:p%40ss%2Fword@db.example.com:5433/shop?sslmode=require",
    }


def test_what_a_connection_holds_is_masked_by_airflow_and_by_our_filter(run_python: Run) -> None:
    logged, redacted = run_python(
        MASKED,
        AIRFLOW_CONN_WAYBILL_META=META,
        AIRFLOW_CONN_WAYBILL_WAREHOUSE="postgres://reader:p%40ss%2Fword@db.example.com:5433/shop",
    )
    assert logged == "*** and *** and *** and ***"
    assert redacted == "*** *** ***"


@pytest.mark.parametrize(
    ("connection", "uri"),
    [
        ({"conn_type": "waybill_duckdb", "host": "/data/shop.duckdb"}, "duckdb:////data/shop.duckdb"),
        ({"conn_type": "postgres", "host": "::1", "login": "a b", "schema": "s"}, "postgresql://a%20b@[::1]:5432/s"),
    ],
)
def test_every_kind_of_warehouse_connection(run_python: Run, connection: dict[str, str], uri: str) -> None:
    assert run_python(SHOW, AIRFLOW_CONN_WAYBILL_WAREHOUSE=json.dumps(connection))["warehouse"] == uri


def test_what_needs_a_person_is_not_retried_and_no_cause_reaches_the_log(run_python: Run) -> None:
    ends = run_python(FAIL)
    assert {name: kind for name, (kind, _, _) in ends.items()} == {
        "ConfigurationError": "AirflowFailException",
        "GateClosed": "AirflowFailException",
        "LedgerConflict": "AirflowFailException",
        "SourceUnavailable": "AirflowException",
        "DestinationUnavailable": "AirflowException",
        "BuildFailed": "AirflowException",
    }
    for name, (_, message, has_no_cause) in ends.items():
        assert message == f"{name}: what happened" and has_no_cause


def test_airflow_knows_the_connection_types_and_their_forms(run_python: Run) -> None:
    hooks, fields, relabeling = run_python(PROVIDER)
    assert hooks == {
        "waybill_meta": "waybill.airflow.hook.MetaHook",
        "waybill_duckdb": "waybill.airflow.hook.WarehouseHook",
    }
    assert sorted(fields) == [
        f"extra__waybill_meta__{name}" for name in ("base_url", "dataset_id", "start_at", "test_event_code")
    ]
    assert relabeling == {"password": "Access token"}


def test_what_a_person_should_know_of_a_run_is_a_warning_in_the_tasks_log(run_python: Run) -> None:
    counts, seen = run_python(NOTES)
    assert counts == {"expiring_soon": 2}
    assert seen == [["WARNING", "2 events expire within 6 hours"]]
