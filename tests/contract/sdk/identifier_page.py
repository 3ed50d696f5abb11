"""The tables of docs/identifiers.md: made from the cases, so that the page cannot say what is no longer true."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from sdk_differences import BY_FIELD, EVERYWHERE, FIELDS, Case, Difference, Raised, class_of

_SHOWN = 40


def tables(cases: Sequence[Case]) -> Mapping[str, str]:
    """The generated parts of the page by name: ``scores`` and one per field."""
    return {"scores": _scores(cases)} | {
        field: _differences([case for case in cases if case.field == field]) for field in FIELDS
    }


def fill(page: str, parts: Mapping[str, str]) -> str:
    """The page with its generated parts written anew; each stands between two comments that name it."""
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- made by a test: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, found = pattern.subn(lambda match, part=part: f"{match[1]}\n{part}\n\n{match[2]}", page)
        if found != 1:
            raise ValueError(f"the page has {found} places for {name}")
    return page


def _scores(cases: Sequence[Case]) -> str:
    lines = ["| | cases | the SDK agrees | it hashes something else | it raises |", "|---|---|---|---|---|"]
    for field in (*FIELDS, "all"):
        mine = [case for case in cases if field in (case.field, "all")]
        agreed, raised = sum(not case.differs for case in mine), sum(case.raised for case in mine)
        lines.append(f"| {field} | {len(mine)} | {agreed} | {len(mine) - agreed - raised} | {raised} |")
    return "\n".join(lines)


def _differences(cases: Sequence[Case]) -> str:
    if not cases:
        return "No case."
    field = cases[0].field
    lines = ["| input | | example | SDK | Waybill | why |", "|---|---|---|---|---|---|"]
    for one in (*EVERYWHERE, *BY_FIELD[field]):
        mine = [case for case in cases if case.differs and class_of(case) is one]
        if mine:
            lines.append(_line(one, mine))
    return "\n".join(lines)


def _line(difference: Difference, cases: Sequence[Case]) -> str:
    case = cases[0]
    country = f" ({case.country})" if case.country else ""
    shown = "raises" if isinstance(case.theirs, Raised) else _code(case.theirs)
    cells = (difference.name, str(len(cases)), _code(case.text) + country, shown, _code(case.ours), difference.why)
    return f"| {' | '.join(cells)} |"


def _code(text: str | None) -> str:
    """A text as a cell shows it: what is invisible as an escape, what is long cut."""
    if text is None:
        return "dropped"
    if not text:
        return "the empty text"
    seen = "".join(_escaped(one) for one in text)
    if len(seen) > _SHOWN:
        seen = f"{seen[:8]}…{seen[-14:]}"
    return f"`{seen}`".replace("|", "\\|")


def _escaped(character: str) -> str:
    is_invisible = unicodedata.category(character)[0] == "C" or unicodedata.combining(character)
    return character.encode("unicode_escape").decode() if is_invisible else character
