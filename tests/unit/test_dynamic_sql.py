"""Every place where a text of SQL is put together, and where a process is started, is known and has its reason."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import waybill

PACKAGE = Path(waybill.__file__).parent
LISTED = Path(__file__).with_name("dynamic_sql.json")
SQL = re.compile(
    r"\bselect\b.*\bfrom\b|\b(insert into|delete from|drop (table|view)|alter table|union all|read_parquet)\b"
    r"|\bupdate \w+ set\b|\bcreate (or replace )?(temp |temporary )?(table|view|macro|schema)\b|\bcopy (\(|\w+ to)"
    r"|\b(try_cast|cast|concat_ws|count|coalesce)\(|^\s*(describe|set variable|pragma|attach|case when) | at time zone "
    r"| is null\b|^\s*with \w+ as \(",
    re.DOTALL,
)
STARTS_A_PROCESS = {
    "waybill/airflow/processes.py": "the parts of a local run: our own programs with arguments of our own",
    "waybill/warehouse/dbt.py": "dbt: a list of our own arguments, no shell, nothing from data",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield f"waybill/{path.relative_to(PACKAGE)}", ast.parse(path.read_text(encoding="utf-8"))


def dynamic_sql(tree: ast.Module) -> set[str]:
    """The functions of a module that put a text of SQL together from parts that are no constants."""
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and SQL.search(_text(node.value))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()

    def visit(node: ast.AST, place: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                visit(child, child.name if place == "<module>" else f"{place}.{child.name}")
                continue
            if _puts_together(child, constants):
                found.add(place)
            visit(child, place)

    visit(tree, "<module>")
    return found


def _puts_together(node: ast.AST, constants: set[str]) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values) and _is_sql(node, constants)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return _is_sql(node, constants) and not all(isinstance(side, ast.Constant) for side in (node.left, node.right))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("format", "replace", "join")
    ):
        return _is_sql(node.func.value, constants)
    return False


def _is_sql(node: ast.AST, constants: set[str]) -> bool:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return bool(names & constants) or bool(SQL.search(_text(node)))


def _text(node: ast.AST) -> str:
    parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return "…".join(parts)


def test_every_place_that_puts_sql_together_is_listed_with_its_reason() -> None:
    listed: dict[str, str] = json.loads(LISTED.read_text(encoding="utf-8"))
    found = {f"{name}: {place}" for name, tree in sources() for place in dynamic_sql(tree)}
    assert found - listed.keys() == set(), (
        "These put SQL together from parts. Give values as parameters; where a part must be text (a name from the "
        f"configuration, a path of the home, a text of ours), say in {LISTED.name} what it is and why it is safe."
    )
    assert listed.keys() - found == set(), f"These are no more: take them out of {LISTED.name}."
    assert all(len(reason) > 20 for reason in listed.values())


@pytest.mark.parametrize(
    "text",
    [
        'def f(x):\n    return f"select * from {x}"',
        'def f(x):\n    return "select * from " + x',
        'def f(x):\n    return "delete from t where x = %s" % x',
        'def f(x):\n    return "select {} from t".format(x)',
        'Q = "select * from {t}"\ndef f(x):\n    return Q.format(t=x)',
        'Q: Final = "select * from t where "\ndef f(x):\n    return Q + x',
    ],
)
def test_a_new_place_is_found(text: str) -> None:
    assert dynamic_sql(ast.parse(text)) == {"f"}


def test_constant_sql_and_sentences_are_let_be() -> None:
    text = 'def f(x):\n    c.execute("select * from t where a = ?", [x])\n    return f"Select one from {x}" + "a, " "b"'
    assert dynamic_sql(ast.parse(text)) == set()


def test_only_two_modules_start_processes_and_none_through_a_shell() -> None:
    starting: set[str] = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                if {"subprocess", "pty", "multiprocessing"} & {module.partition(".")[0] for module in modules}:
                    starting.add(name)
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("os.system", "os.popen", "eval", "exec"), f"{name}: {called}"
                assert not called.startswith(("os.exec", "os.spawn")), f"{name}: {called}"
                shell = [one for one in node.keywords if one.arg == "shell"]
                assert not shell, f"{name}: {ast.unparse(node)}"
    assert starting == STARTS_A_PROCESS.keys()
