"""Phones against libphonenumber, the library everybody else asks: the same E.164, or dropped, for every region."""

import importlib.util
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest
from phone_sql import PROJECT, numbers_of

SEEDS = PROJECT / "seeds" / "phones"
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
DIGITS = "0123456789"


def test_the_seeds_are_what_the_installed_metadata_gives(tmp_path: Path) -> None:
    assert importlib.util.find_spec("phonenumbers")
    subprocess.run([sys.executable, str(SEEDS / "make_phone_seeds.py"), str(tmp_path)], check=True)
    for name in ("phone_readings.csv", "phone_numbers.csv"):
        assert (tmp_path / name).read_bytes() == (SEEDS / name).read_bytes(), f"{name}: run make_phone_seeds.py"


def test_fifty_thousand_numbers_are_read_as_libphonenumber_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(3)  # noqa: S311
    written = list(dict.fromkeys(pair for region in REGIONS for pair in _made_up(region, dice)))
    ours = numbers_of(written)
    tally: dict[str, Counter[str]] = {}
    for phone, region in written:
        expected, got = _by_library(phone, region), ours.get((phone, region))
        kept = "same" if got == expected else "wrong" if got else "missed"
        counts = tally.setdefault(region or "none", Counter())
        counts[kept if expected or got else "dropped"] += 1
        counts["expected"] += expected is not None
        counts["got"] += got is not None
    total = sum((Counter(counts) for counts in tally.values()), Counter())
    with capsys.disabled():
        print("\nregion  numbers  valid  precision  recall")  # noqa: T201
        for region, counts in [*sorted(tally.items()), ("all", total)]:
            size = sum(counts[kind] for kind in ("same", "wrong", "missed", "dropped"))
            precision, recall = counts["same"] / max(counts["got"], 1), counts["same"] / max(counts["expected"], 1)
            print(f"{region:6} {size:8} {counts['expected']:6}  {precision:9.4f}  {recall:6.4f}")  # noqa: T201
    assert len(written) >= 50_000
    assert 0.4 < total["expected"] / len(written) < 0.6
    assert (total["wrong"] + total["missed"]) / len(written) <= 0.001
    assert total["wrong"] / len(written) <= 0.0001


def _by_library(phone: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(phone, region.upper() if region else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def _made_up(region: str, dice: random.Random) -> Iterator[tuple[str, str | None]]:
    """Examples of every type, as they are and changed, in every written form, with the right, no and a wrong region."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    examples = {
        phonenumbers.national_significant_number(example)
        for kind in range(11)
        if (example := phonenumbers.example_number_for_type(region, kind))
    }
    for number in sorted(examples):
        for changed in (number, number, number, number, *(_changed(number, dice) for _ in range(3))):
            for form in _written_forms(str(plan.country_code), plan.national_prefix or "", changed, dice):
                yield form, region.lower()
            form = dice.choice(list(_written_forms(str(plan.country_code), "", changed, dice)))
            yield form, None
            yield form, dice.choice(REGIONS).lower()


def _changed(number: str, dice: random.Random) -> str:
    at, digit = dice.randrange(len(number)), dice.choice(DIGITS)
    return dice.choice(
        [number[:at] + digit + number[at:], number[:at] + number[at + 1 :], number[:at] + digit + number[at + 1 :]]
    )


def _written_forms(code: str, prefix: str, number: str, dice: random.Random) -> Iterator[str]:
    first = dice.randint(1, 3)
    second = first + dice.randint(2, 3)
    head, middle, tail = number[:first], number[first:second], number[second:]
    extension = dice.choice([" x5", " ext. 12", ";ext=77", " #12", " доб. 3", ", 4"])
    yield f"+{code}{number}"
    yield f"00{code} {number}"
    yield f"011 {code} {head}-{middle}-{tail}"
    yield f"+{code} (0) {head} {middle} {tail}"
    yield f"+{code} ({head}) {middle}.{tail}{extension}"
    yield number.translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    yield f"+{code}{number}".translate({48 + d: dice.choice([0x660, 0x966]) + d for d in range(10)})
    yield f"{prefix}{head} {middle} {tail}"
    yield f"({head}){middle}-{tail}"
    yield f"{code}{number}"
