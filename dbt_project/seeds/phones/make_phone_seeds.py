"""Writes phone_readings.csv and phone_numbers.csv from the metadata of the package phonenumbers (libphonenumber).

    .venv/bin/python dbt_project/seeds/phones/make_phone_seeds.py [FOLDER]

phone_numbers holds every valid number of every calling code; phone_readings what has to be cut off and put before what
is dialled in a country to get a number. Both are exact: what `phonenumbers.parse` and `is_valid_number` do with digits,
worked out for all digits at once. A range is written like `201-203xxxxxxx`: from 2010000000 to 2039999999.
"""

import csv
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from number_sets import Language, Ranges, both, either, everything, language_of, merged, starting_with, without
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from prefix_rules import Reading, matching, put, result_in, ways_of, without_national_prefix

LONGEST = 18  # digits; what a signed 64-bit integer holds. E.164 has 15, libphonenumber knows some longer ones.
LONGEST_NATIONAL = 17  # libphonenumber's own limit
TYPES = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
# China's 2,100 carrier codes (17951 00 44, 17951 138) are left out, as nobody writes them into a form: before an
# international prefix by this, before a national number as a reading of too many ranges. What they begin is dropped.
INTERNATIONAL_PREFIX_OF_CHINA = "00"
MOST_RANGES = 500


@cache
def metadata(calling_code: int, region: str) -> Any:
    return PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)


def main_metadata(calling_code: int) -> Any:
    return metadata(calling_code, COUNTRY_CODE_TO_REGION_CODE[calling_code][0])


def described(description: Any) -> Language:
    if description is None or not description.national_number_pattern:
        return {}
    possible = description.possible_length
    language = language_of(description.national_number_pattern)
    return {length: ranges for length, ranges in language.items() if not possible or length in possible}


def valid_in_region(plan: Any) -> Language:
    """The national numbers that are of some type in a region's plan."""
    general, typed = described(plan.general_desc), either(described(getattr(plan, kind)) for kind in TYPES)
    return {length: both(ranges, typed.get(length, ())) for length, ranges in general.items()}


def valid_numbers(calling_code: int) -> Language:
    """The national numbers of a calling code that are valid: the first of its regions that claims a number decides."""
    regions = COUNTRY_CODE_TO_REGION_CODE[calling_code]
    valid: Language = {}
    for length in range(1, LONGEST_NATIONAL + 1):
        unclaimed, found = everything(length), []
        for region in regions:
            plan = metadata(calling_code, region)
            of_region = valid_in_region(plan).get(length, ())
            claimed = of_region
            if plan.leading_digits is not None and len(regions) > 1:
                claimed = starting_with(plan.leading_digits, length)
            found += both(both(of_region, claimed), unclaimed)
            unclaimed = without(unclaimed, claimed)
        if found:
            valid[length] = merged(found)
    return valid


@cache
def all_valid() -> dict[int, Ranges]:
    """Every valid number with its calling code, by its number of digits."""
    codes = [
        {len(str(code)) + length: prefixed(str(code), length, ranges) for length, ranges in valid_numbers(code).items()}
        for code in COUNTRY_CODE_TO_REGION_CODE
    ]
    return either(codes)


def prefixed(prefix: str, length: int, ranges: Ranges) -> Ranges:
    base = int(prefix) * 10**length
    return tuple((base + first, base + last) for first, last in ranges)


def has_any(dialled: Ranges, length: int, cut: int, lead: str) -> bool:
    """Whether any of these readings is a valid number."""
    return bool(result_in(dialled, length, cut, lead, all_valid().get(len(lead) + length - cut, ())))


def rule_of(plan: Any) -> tuple[str | None, str | None]:
    return plan.national_prefix_for_parsing, plan.national_prefix_transform_rule


def general_of(plan: Any) -> Language:
    return language_of(plan.general_desc.national_number_pattern)


def long_enough(plan: Any, length: int) -> bool:
    """Whether what is left may be a number after the prefix went; otherwise the prefix stays."""
    general = plan.general_desc
    if length in general.possible_length_local_only:
        return False
    return length in general.possible_length or length > general.possible_length[-1]


def national(plan: Any, calling_code: str, length: int, cut: int, lead: str, dialled: Ranges, into: Reading) -> None:
    """Reads what is left as a national number, with or without its prefix, and puts the calling code before it."""
    read = without_national_prefix(length, cut, lead, dialled, rule_of(plan), general_of(plan))
    for (new_cut, new_lead), part in read.items():
        if long_enough(plan, len(new_lead) + length - new_cut):
            put_if_number(into, length, new_cut, calling_code + new_lead, part)
        else:
            put_if_number(into, length, cut, calling_code + lead, part)


def put_if_number(into: Reading, length: int, cut: int, lead: str, dialled: Ranges) -> None:
    if dialled and has_any(dialled, length, cut, lead):
        put(into, cut, lead, dialled)


def international_reading(length: int) -> Reading:
    """How the digits after a plus, or after an international prefix, are read."""
    into: Reading = {}
    for code in COUNTRY_CODE_TO_REGION_CODE:
        size = len(str(code))
        if length > size:
            national(main_metadata(code), str(code), length, size, "", starting_with(str(code), length), into)
    return into


def regional_reading(region: str, length: int) -> Reading:
    """How digits without a plus are read in a region."""
    plan = PhoneMetadata.metadata_for_region(region)
    code, into, rest = str(plan.country_code), Reading(), everything(length)
    for way in ways_of(INTERNATIONAL_PREFIX_OF_CHINA if region == "CN" else plan.international_prefix):
        # A zero behind it: no calling code begins with one, so it was no international prefix.
        follows = matching((*way.items, tuple(range(1, 10))), False, length)
        put(into, len(way.items), None, both(rest, follows))
        rest = without(rest, follows)
    with_code = both(rest, starting_with(code, length))
    general = general_of(plan)
    stripped = without_national_prefix(length, len(code), "", with_code, rule_of(plan), general)
    too_long = length > plan.general_desc.possible_length[-1] and (
        length not in plan.general_desc.possible_length_local_only
    )
    for (cut, lead), part in stripped.items():
        after = general.get(len(lead) + length - cut, ())
        taken = part if too_long else without(result_in(part, length, cut, lead, after), general.get(length, ()))
        rest = without(rest, taken)
        national(main_metadata(plan.country_code), code, length, cut, lead, taken, into)
    national(plan, code, length, 0, "", rest, into)
    return into


def written(length: int, ranges: Ranges) -> str:
    """Ranges as a person writes a numbering plan: 20xxxxxxxx, or 201-203xxxxxxx."""
    texts = []
    for low, high in ranges:
        first, last = str(low).zfill(length), str(high).zfill(length)
        free = next(n for n in range(length + 1) if n == length or first[-1 - n] != "0" or last[-1 - n] != "9")
        first, last = first[: length - free], last[: length - free] + "x" * free
        texts.append(last if last.startswith(first) else f"{first}-{last}")
    return " ".join(texts)


def reading_rows() -> Iterator[tuple[str, int, int, str, str]]:
    plans = ["+", *sorted(SUPPORTED_REGIONS)]
    for region in plans:
        for length in range(2, LONGEST + 1):
            reading = international_reading(length) if region == "+" else regional_reading(region, length)
            for (cut, lead), dialled in sorted(reading.items(), key=lambda item: (item[0][0], item[0][1] or "")):
                if len(dialled) <= MOST_RANGES:
                    yield region.lower(), length, cut, "+" if lead is None else lead, written(length, dialled)


def number_rows() -> Iterator[tuple[int, int, str]]:
    for code in sorted(COUNTRY_CODE_TO_REGION_CODE, key=str):
        for length, ranges in sorted(valid_numbers(code).items()):
            digits = len(str(code)) + length
            if digits <= LONGEST and ranges:
                yield code, digits, written(digits, prefixed(str(code), length, ranges))


def write(folder: Path) -> None:
    """Writes both seeds into a folder."""
    for name, header, rows in (
        ("phone_readings", ("dialled_in", "digits", "cut", "lead", "dialled"), reading_rows()),
        ("phone_numbers", ("calling_code", "digits", "numbers"), number_rows()),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(header)
            out.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
