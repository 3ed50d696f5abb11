"""Builds sort by number, in Python, in DuckDB and in dbt's macro, and what never was a build is not taken for one."""

from pathlib import Path

import duckdb
import jinja2
import pytest

from waybill import builds, delta
from waybill.errors import ConfigurationError, LedgerConflict
from waybill.home import Home

MADE = [
    "20261119T120000000000Z",  # of a home whose builds had no numbers
    "20261123T120000000000Z-000001",  # a clock that ran ahead
    "20261120T120000000000Z-000002",
    "20261120T130000000000Z-999999",
    "20261120T120000000000Z-1000000",
]
MACRO = Path(__file__).parents[2] / "dbt_project" / "macros" / "accounting" / "build_order.sql"


def test_builds_sort_as_they_were_made() -> None:
    assert sorted(reversed(MADE), key=builds.order) == MADE
    macro = jinja2.Environment(autoescape=False).from_string(MACRO.read_text()).make_module()  # noqa: S701
    with duckdb.connect() as connection:
        connection.execute(builds.ORDER_MACRO)
        for order in ("build_order(build_id)", macro.build_order("build_id")):
            query = f"select build_id, {order} from (select unnest($made) as build_id)"
            found = connection.execute(query, {"made": MADE}).fetchall()
            assert found == [(build, builds.order(build)) for build in MADE]


def test_the_newest_file_is_that_of_the_newest_build(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.delta / "meta").mkdir(parents=True)
    for build in reversed(MADE):
        (home.delta / "meta" / f"{build}.json").touch()
    assert [path.stem for path in delta.sidecars(home, "meta")] == MADE


def test_a_lost_sidecar_is_told_from_one_that_was_never_written(tmp_path: Path) -> None:
    """A build that freezes now, or was killed before it wrote the sidecar, keeps nobody from delivering."""
    home = Home(tmp_path)
    folder = home.delta / "meta"
    folder.mkdir(parents=True)
    home.build.mkdir()
    for name in ("1.json", "1.parquet", "2.parquet", "2.withdrawals.parquet", "2.parquet.4711.tmp"):
        (folder / f"20261120T120000000000Z-00000{name}").touch()
    begun, done = '{"seq": 2, "last_good_seq": 1}', '{"seq": 2, "last_good_seq": 2}'
    sidecar = folder / "20261120T120000000000Z-000002.json"
    (home.build / "state.json").write_text(begun)
    assert delta.lost(home, "meta") == []
    (home.build / "state.json").write_text(done)
    assert delta.lost(home, "meta") == [sidecar]
    with pytest.raises(LedgerConflict, match=r"-000002\.json is gone.*run `waybill build`"):
        delta.newest(home, "meta")
    (home.build / "state.json").unlink()
    assert delta.lost(home, "meta") == []
    sidecar.with_suffix(".decision.json").touch()  # what was judged had a sidecar
    assert delta.lost(home, "meta") == [sidecar]
    (folder / "20261120T120000000000Z-000003.json").touch()  # a later build has written the withdrawals anew
    assert delta.lost(home, "meta") == []


@pytest.mark.parametrize("build", ["", "yesterday", "_empty", "20261120T120000000000Z-000003"])
def test_what_left_nothing_is_no_build(tmp_path: Path, build: str) -> None:
    home = Home(tmp_path)
    (home.published / "candidates" / "meta").mkdir(parents=True)
    for known in ("_empty", "20261120T120000000000Z-000002"):
        (home.published / "candidates" / "meta" / f"{known}.parquet").touch()
    builds.must_be_known(home, "20261120T120000000000Z-000002")
    with pytest.raises(ConfigurationError, match="is no build of this home"):
        builds.moment_and_number(build)
        builds.must_be_known(home, build)
