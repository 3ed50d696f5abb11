"""Data Docs: one page per judged delta file, about all its expectations, with counts and safe event names only.

A page fetches nothing from elsewhere (a policy in its head says so), because whoever serves it would learn when it is
read, and it is read on machines without a way out; its looks are ``data_docs.css``, which is written into it.
"""

import shutil
from pathlib import Path
from typing import Any, Final

INDEX: Final = ["row_number", "event"]
"""What names a row for Great Expectations; the frame is indexed by it."""

_SHOWN = 20
"""How many failing rows of one expectation a page shows."""

_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'self\' file: data:; '
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">"
)


def site(folder: Path) -> dict[str, Any]:
    """The configuration of a site in ``folder``, which is made anew."""
    if folder.exists():
        shutil.rmtree(folder)
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"expectations": "None", "profiling": "None"},
    }


def write(context: Any, folder: Path, name: str, results: list[Any], meta: dict[str, Any]) -> Path:
    """Writes the page of one run about the results of its expectations, and returns its path."""
    context.validation_results_store.set(_key(name, meta["run_id"]), _page(results, meta))
    context.build_data_docs()
    _share_static(folder)
    (page,) = (folder / "validations").rglob("*.html")
    style = Path(__file__).with_name("data_docs.css").read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8").replace("<head>", f"<head>{_POLICY}", 1)
    page.write_text(text.replace("</head>", f"<style>{style}</style></head>", 1), encoding="utf-8")
    # Great Expectations' own index is a table that scripts from elsewhere draw.
    refresh = f'<meta http-equiv="refresh" content="0; url={page.relative_to(folder).as_posix()}">'
    (folder / "index.html").write_text(f"<!doctype html><title>{name}</title>{refresh}\n", encoding="utf-8")
    return page


def _key(name: str, run_id: Any) -> Any:
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    suite = ExpectationSuiteIdentifier(name="gate")
    return ValidationResultIdentifier(expectation_suite_identifier=suite, run_id=run_id, batch_identifier=name)


def _page(everything: list[Any], meta: dict[str, Any]) -> Any:
    """One result about everything, for a page about everything."""
    from great_expectations.core import ExpectationSuiteValidationResult

    succeeded = sum(bool(each.success) for each in everything)
    return ExpectationSuiteValidationResult(
        suite_name="gate",
        success=succeeded == len(everything),
        results=everything,
        suite_parameters={},
        statistics={
            "evaluated_expectations": len(everything),
            "successful_expectations": succeeded,
            "unsuccessful_expectations": len(everything) - succeeded,
            "success_percent": 100 * succeeded / len(everything),
        },
        meta=meta,
    )


def abridged(result: Any) -> Any:
    """A result with the first failing rows only, in the form in which a page shows them."""
    index = result.result.get("unexpected_index_list")
    if index:
        rows = list(zip(*(index[0][name][:_SHOWN] for name in INDEX), strict=True))
        column = result.expectation_config.kwargs["column"]
        result.result["unexpected_index_list"] = [dict(zip(INDEX, row, strict=True), **{column: True}) for row in rows]
        result.result["partial_unexpected_index_list"] = result.result["unexpected_index_list"]
    return result


def counted(result: Any, failing: int, judged: int) -> Any:
    """A result about some rows, told as one about all rows that were judged."""
    percent = 100 * failing / judged
    result.result["element_count"] = judged
    if failing:
        result.result["unexpected_count"] = failing
        result.result["partial_unexpected_counts"] = [{"value": True, "count": failing}]
        for name in ("unexpected_percent", "unexpected_percent_total", "unexpected_percent_nonmissing"):
            result.result[name] = percent
    return result


def _share_static(folder: Path) -> None:
    """Fonts and pictures are shared by all runs: 4 MB for each would add up."""
    own, shared = folder / "static", folder.parents[1] / "static"
    if not shared.exists():
        shutil.copytree(own, shared, dirs_exist_ok=True)
    shutil.rmtree(own)
    own.symlink_to(Path("../../static"))
