"""Adds the names that the main languages have for countries, as CLDR writes them, to country_aliases.csv.

Run it after a change of LANGUAGES or of Babel: ``python dbt_project/seeds/add_country_names.py``. What the file says
already stays; a spelling that would name two countries is left out.
"""

import csv
import unicodedata
from pathlib import Path

from babel import Locale

SEEDS = Path(__file__).parent
LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg", "hr", "sl",
    "uk", "ru", "el", "tr", "he", "ar", "fa", "hi", "th", "vi", "id", "ja", "ko", "zh", "zh_Hant",
)  # fmt: skip
BY_HAND = {
    "ksa": "sa", "アメリカ": "us", "米国": "us", "英国": "gb", "イギリス": "gb", "미합중국": "us", "ประเทศไทย": "th",
    "السعودية": "sa", "한국": "kr", "남한": "kr", "韓国": "kr",
}  # fmt: skip


def key(name: str) -> str:
    """How the macro key_of_words writes a name: composed, lower case, letters, marks and digits only."""
    kept = (char for char in unicodedata.normalize("NFC", name) if unicodedata.category(char)[0] not in "PSZC")
    return "".join(kept).lower()


def without_accents(name: str) -> str:
    """A Latin name as people type it on a keyboard without its accents."""
    if not all(unicodedata.name(char, "").startswith("LATIN") for char in name if char.isalpha()):
        return name
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if not unicodedata.combining(char)))


def main() -> None:
    with (SEEDS / "countries.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["country_code"] for row in csv.DictReader(file)}
    with (SEEDS / "country_aliases.csv").open(encoding="utf-8", newline="") as file:
        known = {row["alias"]: row["country_code"] for row in csv.DictReader(file)}
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for territory, name in Locale.parse(language).territories.items():
            if territory.lower() in codes:
                for spelling in (name, name.split("(")[0], without_accents(name)):
                    if len(alias := key(spelling)) > 1:
                        found.setdefault(alias, set()).add(territory.lower())
    known.update(BY_HAND)
    for alias, countries in found.items():
        if len(countries) == 1:
            known.setdefault(alias, *countries)
    with (SEEDS / "country_aliases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("alias", "country_code"))
        writer.writerows(sorted(known.items()))


if __name__ == "__main__":
    main()
