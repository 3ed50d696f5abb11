"""Builds by their names, ``<moment>-<number>``, and how far they got: ``build/state.json``.

Numbers say which build is newer. The moment does not: a clock may have run ahead and been put right since.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from waybill.clock import from_name, to_name
from waybill.errors import ConfigurationError
from waybill.home import Home

ORDER_MACRO: Final = (
    "create or replace temp macro build_order(build_id) as lpad(split_part(build_id, '-', 2), 12, '0') || build_id"
)
"""``order`` for a connection of DuckDB; dbt has a macro of the same name."""


@dataclass(frozen=True)
class State:
    """The number of the last build that was begun, and of the last one that succeeded."""

    seq: int
    last_good_seq: int


def name(moment: datetime, number: int) -> str:
    """The name of a build; two at one moment of a fixed clock differ in their number."""
    return f"{to_name(moment)}-{number:06d}"


def order(build_id: str) -> str:
    """A text by which builds sort as they were made."""
    return build_id.partition("-")[2].rjust(12, "0") + build_id


def number(build_id: str) -> int:
    """The number of a build; 0 for a name without one."""
    digits = build_id.partition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def moment_and_number(build_id: str) -> tuple[datetime, int]:
    """When a build was made and its number, which its id says; ConfigurationError for what is no build's id."""
    moment, _, digits = build_id.rpartition("-")
    try:
        return from_name(moment), int(digits)
    except ValueError:
        raise _no_build(build_id) from None


def known(home: Home) -> set[str]:
    """The builds that froze a delta file which is still there, or published a verdict."""
    paths = [*home.delta.glob("*/*.parquet"), *(home.published / "candidates").glob("*/*.parquet")]
    return {path.name.partition(".")[0] for path in paths}


def state(home: Home) -> State:
    """How far builds got; ConfigurationError when nobody can say any more."""
    path = home.build / "state.json"
    if not path.exists():
        return State(0, 0)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return State(int(raw["seq"]), int(raw["last_good_seq"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is damaged. Delete it and {home.build / 'seen_files.parquet'}, and run "
            "`waybill build --full-refresh`."
        ) from error


def next_number(home: Home) -> int:
    """The number of a new build: above every one that was given, also where ``state.json`` is gone."""
    return max([state(home).seq, *map(number, known(home))]) + 1


def must_be_known(home: Home, build_id: str) -> None:
    """ConfigurationError for a build that left nothing here."""
    if build_id not in known(home):
        raise _no_build(build_id)


def _no_build(build_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"{build_id!r} is no build of this home. The names of files in delta/<destination>/ are; leave it out for the "
        "newest."
    )
