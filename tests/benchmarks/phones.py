"""How long a million distinct phones of twenty countries take: `.venv/bin/python tests/benchmarks/phones.py [ROWS]`."""

import random
import resource
import sys
import time
from pathlib import Path

import duckdb
import phonenumbers

sys.path.insert(0, str(Path(__file__).parents[1] / "property" / "phones"))

from phone_sql import load, phones_of

COUNTRIES = "us gb de fr it es nl be ch at se pl pt ie br mx in jp au sa".split()  # noqa: SIM905


def main(rows: int) -> None:
    """Prints CPU-seconds, wall seconds and how many were numbers."""
    dice = random.Random(1)  # noqa: S311
    heads = {
        country: phonenumbers.national_significant_number(phonenumbers.example_number_for_type(country.upper(), 1))
        for country in COUNTRIES
    }
    written = []
    for at in range(rows):
        country = COUNTRIES[at % len(COUNTRIES)]
        head = heads[country]
        number = head[:3] + "".join(dice.choices("0123456789", k=len(head) - 3))
        code = phonenumbers.country_code_for_region(country.upper())
        written.append(
            (dice.choice([number, f"+{code} {number}", f"00{code}{number}", f"({head[:2]}) {number[2:]}"]), country)
        )
    with duckdb.connect() as connection:
        load(connection, written)
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        counted = connection.execute(f"select count(*) from ({phones_of('phones')})").fetchone()
        after, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{rows} phones, {counted[0] if counted else 0} numbers: {cpu:.1f} CPU-seconds, {wall:.1f} s")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
