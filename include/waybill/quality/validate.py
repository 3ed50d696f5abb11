"""Great Expectations decides: only its result objects say which rows are quarantined and whether a file closes.

It gets booleans, numbers and safe event names (see ``examine.py``), because a failing value is exactly the one that
leaks, and Data Docs print it. Importing it costs many CPU-seconds, so that happens where a run needs it.
"""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waybill.quality import data_docs
from waybill.quality.suites import ROW_RULES, SET_RULES, RowRule, SetRule, Thresholds

if TYPE_CHECKING:
    import pandas as pd

_NOT_EVALUATED = "not evaluated"
_EVERY_FAILING_ROW = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": data_docs.INDEX,
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True)
class Run:
    """What a validation is named by, and where its Data Docs go."""

    destination: str
    build_id: str
    at: datetime
    site: Path


@dataclass(frozen=True)
class Validation:
    """What Great Expectations found: failing rows by rule, observed values by failed set rule, the Data Docs' page."""

    failed_rows: dict[str, list[int]]
    failed_sets: dict[str, str]
    data_docs: Path

    def reasons(self) -> dict[int, list[str]]:
        """All reasons of each quarantined row, in the suite's order."""
        reasons: dict[int, list[str]] = {}
        for rule, rows in self.failed_rows.items():
            for row in rows:
                reasons.setdefault(row, []).append(rule)
        return reasons


def validate(frame: "pd.DataFrame", measures: Mapping[str, float], thresholds: Thresholds, run: Run) -> Validation:
    """Validates the rows, then the set (which knows how many rows were quarantined), and writes Data Docs of both."""
    context = _context(run)
    row_results = _run(context, run, "rows", frame, [_row_expectation(rule) for rule in ROW_RULES], _EVERY_FAILING_ROW)
    failed_rows, broken = _read_rows(row_results)
    quarantined = {row for rows in failed_rows.values() for row in rows}
    observed = {**measures, "quarantined_share": len(quarantined) / len(frame)}
    judged = [rule for rule in SET_RULES if rule.applies(observed, thresholds)]
    set_results = _run(
        context,
        run,
        "set",
        _one_row({rule.name: observed[rule.name] for rule in judged}),
        [_set_expectation(rule, rule.limit(thresholds)) for rule in judged],
        {"result_format": "BASIC"},
    )
    failed_sets = {**broken, **_read_sets(set_results, judged)}
    return Validation(
        failed_rows, failed_sets, data_docs.write(context, run.site, run.build_id, [set_results, row_results])
    )


def _read_rows(result: Any) -> tuple[dict[str, list[int]], dict[str, str]]:
    """Failing row numbers by rule, and the rules that could not be evaluated: those close the file."""
    failed: dict[str, list[int]] = {}
    broken = {rule.name: _NOT_EVALUATED for rule in ROW_RULES}
    for each in result.results:
        name = each.expectation_config.kwargs["column"]
        if each.success:
            broken.pop(name)
            continue
        index = each.result.get("unexpected_index_list") or [{"row_number": []}]
        rows = [int(row) for row in index[0]["row_number"]]
        if rows and len(rows) == each.result["unexpected_count"]:
            broken.pop(name)
            failed[name] = rows
    return {rule.name: failed[rule.name] for rule in ROW_RULES if rule.name in failed}, broken


def _read_sets(result: Any, judged: list[SetRule]) -> dict[str, str]:
    """The observed value of each set rule that failed; one that could not be evaluated failed, too."""
    failed = {rule.name: _NOT_EVALUATED for rule in judged}
    for each in result.results:
        name = each.expectation_config.kwargs["column"]
        if each.success:
            failed.pop(name)
        elif each.result.get("observed_value") is not None:
            failed[name] = shown(each.result["observed_value"])
    return failed


def _run(
    context: Any,
    run: Run,
    name: str,
    frame: "pd.DataFrame",
    expectations: list[Any],
    result_format: dict[str, Any],
) -> Any:
    """Runs one suite over one frame and returns Great Expectations' result, which is also kept for Data Docs."""
    import great_expectations as gx

    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    asset = context.data_sources.add_pandas(name).add_dataframe_asset("delta")
    definition = gx.ValidationDefinition(
        name=name, data=asset.add_batch_definition_whole_dataframe("file"), suite=suite
    )
    result = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": frame},
        result_format=result_format,
        run_id=gx.RunIdentifier(run_name=f"{run.destination}-{run.build_id}", run_time=run.at),
    )
    return result


def _row_expectation(rule: RowRule) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeInSet(
        column=rule.name, value_set=[False], description=f"{rule.name}: expected that {rule.expects}"
    )


def _set_expectation(rule: SetRule, limit: float) -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnMaxToBeBetween(
        column=rule.name, max_value=limit, description=f"{rule.name}: {rule.expects}, at most {shown(limit)}"
    )


def _one_row(measures: dict[str, float]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([measures])


def _context(run: Run) -> Any:
    """A context that lives in memory, asks nobody, says nothing, and owns one folder of Data Docs."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Great Expectations and its dependencies, while they are imported
        import great_expectations as gx
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"gate": data_docs.site(run.site)},
        analytics_enabled=False,
        progress_bars={"globally": False, "metric_calculations": False},
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def shown(number: object) -> str:
    """A measure or a limit as people read it."""
    return f"{number:.4g}" if isinstance(number, float) and not number.is_integer() else str(number).removesuffix(".0")
