"""A later build opens only the landing files that the last good one had not seen."""

import re
from pathlib import Path

import duckdb
import pytest
from dbt_home import TABLES, DbtHome
from dbt_story import Story

MODELS = {table: f"int_{table}_latest" for table in TABLES} | {
    "customers": "int_identities_latest",
    "consents": "int_consents",
}


def test_a_later_build_passes_when_every_older_file_is_unreadable(story: Story) -> None:
    assert story.files_corrupted >= 4
    assert story.after_changes == story.after_full_refresh


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("unseen", [0, 1, 40])
def test_duckdb_opens_the_unseen_of_many_files(story: Story, tmp_path: Path, table: str, unseen: int) -> None:
    """Counts what DuckDB says it read, for the SQL of the model itself over 80 files of which so many are unseen."""
    first = sorted((story.home.root / "landing" / "shop" / table).iterdir())[0]
    files = [tmp_path / f"{number:03}.parquet" for number in range(80)]
    for file in files:
        file.write_bytes(first.read_bytes())
    assert _files_read(story.home, table, files[:unseen], tmp_path) == unseen


def _files_read(home: DbtHome, table: str, unseen: list[Path], folder: Path) -> int:
    """Runs the compiled model over another landing folder and sums what its scans say they opened of it."""
    compiled = home.root / "build/target/compiled/waybill/models/intermediate/latest" / f"{MODELS[table]}.sql"
    sql = compiled.read_text(encoding="utf-8").replace('"warehouse"."staging".', "staging.")
    landing = str(home.root / "landing" / "shop" / table)
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        db.execute(f"attach '{home.root / 'warehouse.duckdb'}' as warehouse (read_only)")
        views = db.execute("select sql from duckdb_views() where view_name like 'stg_shop__%'").fetchall()
        assert len(views) == len(TABLES)
        db.execute("create schema staging")
        for (view,) in views:
            db.execute(view.replace("warehouse.staging.", "staging.").replace(landing, str(folder)))
        db.execute(
            "create table staging.stg_waybill__build as select 1::bigint as build_seq, 0::bigint as last_good_build_seq"
        )
        db.execute(
            "create table staging.stg_waybill__unseen_files "
            "(source_name varchar, table_name varchar, file_path varchar)"
        )
        db.execute(
            "create table staging.stg_waybill__sources as"
            " select 'shop' as source_name, null::varchar as date_order, null::varchar as default_country"
        )
        for file in unseen:
            db.execute("insert into staging.stg_waybill__unseen_files values ('shop', ?, ?)", [table, str(file)])
        [(_, plan)] = db.execute(f"explain analyze {sql}").fetchall()
    return sum(int(count) for count in re.findall(r"Total Files Read:\s+(\d+)", plan))
