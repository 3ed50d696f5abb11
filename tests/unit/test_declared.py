"""What the package imports is declared in pyproject.toml, and what is declared is pinned in requirements.lock."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import waybill

PROJECT = Path(waybill.__file__).parents[2]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return {canonical(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in listed}


def imported() -> set[str]:
    """The first part of every module that product code imports and that is neither Python's nor ours."""
    found: set[str] = set()
    for path in [*(PROJECT / "include" / "waybill").rglob("*.py"), *(PROJECT / "dags").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - {*sys.stdlib_module_names, "waybill"}


def test_every_import_is_declared() -> None:
    owners = packages_distributions()
    given = {module: {canonical(owner) for owner in owners[module]} for module in imported()}
    assert {module: names for module, names in given.items() if not names & declared()} == {}


def test_everything_declared_is_pinned() -> None:
    lines = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
    unpinned = [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==[^\s@]+( *;.*)?", line)]
    assert unpinned == []
    assert declared() <= {canonical(re.split(r"[\[=]", line)[0]) for line in pins}
