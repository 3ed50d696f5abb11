"""Writes unicode_ranges.sql: which characters say nothing about who somebody is, as ranges of code points.

Run it with the newest Python at hand, because its Unicode is the table's: ``python make_unicode_ranges.py``.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

# What Unicode calls default-ignorable beyond what the categories say: fillers, joiners, variation selectors.
INVISIBLE = {
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0,
    *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
}  # fmt: skip


def is_blank(point: int) -> bool:
    """Spaces and everything invisible: control, format (zero-width, direction marks), private use, separators."""
    return unicodedata.category(chr(point)) in ("Cc", "Cf", "Co", "Zs", "Zl", "Zp") or point in INVISIBLE


def is_noise(point: int) -> bool:
    """The same, with punctuation and symbols."""
    return is_blank(point) or unicodedata.category(chr(point))[0] in "PS"


def is_letter(point: int) -> bool:
    """Letters that can be seen; Unicode calls some fillers letters."""
    return unicodedata.category(chr(point))[0] == "L" and point not in INVISIBLE


def is_numeral(point: int) -> bool:
    """Digits, and what else counts: fractions, Roman numerals, circled numbers."""
    return unicodedata.category(chr(point))[0] == "N"


def ranges(belongs: Callable[[int], bool]) -> str:
    """The inside of a regular expression's [], in RE2's and PostgreSQL's spelling of a code point for DuckDB."""

    def runs() -> Iterator[tuple[int, int]]:
        start = None
        for point in range(sys.maxunicode + 2):
            inside = point <= sys.maxunicode and not 0xD800 <= point < 0xE000 and belongs(point)
            if inside and start is None:
                start = point
            elif not inside and start is not None:
                yield start, point - 1
                start = None

    return "".join(
        f"\\x{{{first:x}}}" if first == last else f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in runs()
    )


def main() -> None:
    text = "{#\n    Made by make_unicode_ranges.py; do not edit. Unicode "
    text += unicodedata.unidata_version + ". Not every engine knows \\p{…}.\n#}\n"
    classes = {"blank": is_blank, "noise": is_noise, "letter": is_letter, "numeral": is_numeral}
    for name, belongs in classes.items():
        text += f"{{% macro {name}_points() -%}}\n{ranges(belongs)}\n{{%- endmacro %}}\n\n"
    Path(__file__).with_name("unicode_ranges.sql").write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
