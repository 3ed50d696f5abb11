"""What every DAG file promises, in words a reviewer can check, and that reading them costs and touches nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

HEAVY = {"great_expectations", "dbt", "duckdb", "polars", "pandas", "pyarrow", "adbc_driver_postgresql"}
HOLD_THE_WAREHOUSE = {
    ("build_conversion_events", "build"),
    ("refresh_delivery_marts", "refresh_marts"),
    ("purge_home", "purge"),
}

Described = dict[str, Any]


def tasks(described: Described) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (dag_id, task_id, task) for dag_id, dag in described["dags"].items() for task_id, task in dag["tasks"].items()
    ]


def test_these_dags_load_and_no_other(described: Described) -> None:
    assert described["errors"] == {}
    assert {dag_id: set(dag["tasks"]) for dag_id, dag in described["dags"].items()} == {
        "extract_warehouse": {"extract"},
        "build_conversion_events": {"build", "judge", "destinations", "gate", "ask"},
        "approve_closed_file": {"ask", "open_file", "keep_closed"},
        "deliver_conversions": {"destinations", "deliver"},
        "refresh_delivery_marts": {"refresh_marts"},
        "purge_home": {"purge"},
    }


def test_every_dag_is_short_documented_tagged_and_runs_alone_unless_it_waits_for_people(described: Described) -> None:
    for dag_id, dag in described["dags"].items():
        source = Path(dag["file"]).read_text()
        assert Path(dag["file"]).stem == dag_id
        assert len(source.splitlines()) <= 60
        assert source.startswith(f'"""{dag["doc"]}"""') and len(dag["doc"].splitlines()) > 3
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 16 if dag_id == "approve_closed_file" else 1)
        assert "waybill" in dag["tags"] and len(dag["tags"]) > 1


def test_every_task_has_an_owner_and_retries(described: Described) -> None:
    for dag_id, task_id, task in tasks(described):
        assert task["owner"] == "waybill", (dag_id, task_id)
        assert task["retries"] >= 1 and task["retry_delay"] >= 30, (dag_id, task_id)


def test_only_what_keeps_builds_away_holds_the_pool(described: Described) -> None:
    assert {(dag_id, task_id) for dag_id, task_id, task in tasks(described) if task["pool"] == "warehouse"} == (
        HOLD_THE_WAREHOUSE
    )
    assert {task["pool"] for _, _, task in tasks(described)} == {"warehouse", "default_pool"}


def test_assets_link_the_dags_in_one_direction(described: Described) -> None:
    starts_on = {dag_id: (dag["assets"], dag["timetable"], dag["cron"]) for dag_id, dag in described["dags"].items()}
    assert starts_on == {
        "extract_warehouse": ([], "CronTriggerTimetable", "*/5 * * * *"),
        "build_conversion_events": (["waybill_landing"], "AssetTriggeredTimetable", None),
        "approve_closed_file": ([], "NullTimetable", None),
        "deliver_conversions": (["waybill_delta"], "AssetOrTimeSchedule", "*/10 * * * *"),
        "refresh_delivery_marts": (["waybill_ledger"], "AssetTriggeredTimetable", None),
        "purge_home": ([], "CronTriggerTimetable", "17 3 * * *"),
    }
    assert {(dag_id, task_id): task["outlets"] for dag_id, task_id, task in tasks(described) if task["outlets"]} == {
        ("extract_warehouse", "extract"): ["waybill_landing"],
        ("build_conversion_events", "gate"): ["waybill_delta"],
        ("approve_closed_file", "open_file"): ["waybill_delta"],
        ("deliver_conversions", "deliver"): ["waybill_ledger"],
    }


def test_gate_and_delivery_are_mapped_over_the_destinations_and_named_by_them(described: Described) -> None:
    mapped = {
        (dag_id, task_id): task
        for dag_id, task_id, task in tasks(described)
        if task["is_mapped"] and "destinations" in task["upstream"]
    }
    assert set(mapped) == {("build_conversion_events", "gate"), ("deliver_conversions", "deliver")}
    assert all("destination" in task["map_index_template"] for task in mapped.values())


def test_the_gate_and_the_person_are_asked_when_all_is_judged_and_a_closed_gate_fails_the_run(
    described: Described,
) -> None:
    upstream = {task_id: task["upstream"] for dag_id, task_id, task in tasks(described) if "build" in dag_id}
    assert upstream == {
        "build": [],
        "judge": ["build"],
        "destinations": [],
        "gate": ["destinations", "judge"],
        "ask": ["judge"],
    }  # `gate` is a leaf: only a leaf that fails makes a run fail


def test_reading_the_files_imports_nothing_heavy_and_touches_nothing(described: Described) -> None:
    assert {name.partition(".")[0] for name in described["modules"]} & HEAVY == set()
    assert described["touched"] == []


def test_a_file_that_does_would_be_found(describe: Callable[[Path], Described], tmp_path: Path) -> None:
    (tmp_path / "careless.py").write_text(
        "from airflow.sdk import DAG\n"
        "import pathlib, socket, sqlite3, duckdb\n"
        "dag = DAG('careless')\n"
        f"pathlib.Path({str(tmp_path / 'written')!r}).write_text('x')\n"
        f"sqlite3.connect({str(tmp_path / 'made.db')!r})\n"
        "socket.socket().connect_ex(('127.0.0.1', 9))\n"
    )
    found = describe(tmp_path)
    assert "duckdb" in found["modules"] and set(found["dags"]) == {"careless"}
    events = {text.partition("(")[0] for text in found["touched"]}
    assert {"open", "sqlite3.connect", "socket.connect"} <= events
