"""Great Expectations decides: only its result objects say which rows are quarantined and whether a file closes.

It gets booleans, numbers and safe event names (see ``examine.py``), because a failing value is exactly the one that
leaks, and Data Docs print it. Importing it costs many CPU-seconds, so that happens where a run needs it.
"""

import logging
import warnings
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waybill.quality import data_docs
from waybill.quality.suites import ROW_RULES, RowRule, SetRule
from waybill.thresholds import Thresholds

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
class Rows:
    """Failing row numbers by rule, in the suite's order, and the rules that could not be evaluated: those close."""

    failed: dict[str, "array[int]"]
    broken: dict[str, str]


class Validation:
    """One validation of a delta file: its rows, then its set, then a page about both."""

    def __init__(self, run: Run) -> None:
        self._run_of = run
        self._context = _context(run)
        self._results: list[Any] = []
        self._meta: dict[str, Any] = {}

    def rows(self, suspects: Iterable["pd.DataFrame"], judged: int) -> Rows:
        """Judges the rows in which DuckDB saw a defect, some at a time; in the others of ``judged`` rows it saw none.

        There must be one frame at least, which may be empty, so that every rule is evaluated.
        """
        failed = {rule.name: array("q") for rule in ROW_RULES}
        broken: set[str] = set()
        shown: dict[str, Any] = {}
        expectations = [_row_expectation(rule) for rule in ROW_RULES]
        for frame in suspects:
            result = _run(self._context, self._run_of, "rows", frame, expectations, _EVERY_FAILING_ROW)
            self._meta = result.meta
            for each in result.results:
                name = each.expectation_config.kwargs["column"]
                rows = _failing_rows(each)
                broken |= {name} if rows is None else set()
                failed[name].extend(rows or ())
                if name not in shown or (shown[name].success and not each.success):
                    shown[name] = data_docs.abridged(each)
        self._results = [data_docs.counted(each, len(failed[name]), judged) for name, each in shown.items()]
        broken |= set(failed) - set(shown)
        return Rows(
            {name: rows for name, rows in failed.items() if rows},
            {name: _NOT_EVALUATED for name in failed if name in broken},
        )

    def set(self, rules: list[SetRule], measures: Mapping[str, float], thresholds: Thresholds) -> dict[str, str]:
        """Judges the measures of the set; the observed value of each rule that failed, or that it was not evaluated."""
        frame = _one_row({rule.name: measures[rule.name] for rule in rules})
        expectations = [_set_expectation(rule, rule.limit(thresholds)) for rule in rules]
        result = _run(self._context, self._run_of, "set", frame, expectations, {"result_format": "BASIC"})
        self._meta = result.meta
        self._results = [*result.results, *self._results]
        failed = {rule.name: _NOT_EVALUATED for rule in rules}
        for each in result.results:
            name = each.expectation_config.kwargs["column"]
            if each.success:
                failed.pop(name)
            elif each.result.get("observed_value") is not None:
                failed[name] = shown(each.result["observed_value"])
        return failed

    def page(self) -> Path:
        """Writes the Data Docs of everything that was judged and returns the page."""
        return data_docs.write(self._context, self._run_of.site, self._run_of.build_id, self._results, self._meta)


def _failing_rows(result: Any) -> list[int] | None:
    """The numbers of the rows that one expectation refused, or None where it could not be evaluated."""
    if result.success:
        return []
    index = result.result.get("unexpected_index_list") or [{"row_number": []}]
    rows = [int(row) for row in index[0]["row_number"]]
    return rows if rows and len(rows) == result.result["unexpected_count"] else None


def _run(
    context: Any,
    run: Run,
    name: str,
    frame: "pd.DataFrame",
    expectations: list[Any],
    result_format: dict[str, Any],
) -> Any:
    """Runs one suite over one frame; Great Expectations' own copy of the result, which would be held, is dropped."""
    import great_expectations as gx

    if name not in context.data_sources.all():
        context.data_sources.add_pandas(name).add_dataframe_asset("delta").add_batch_definition_whole_dataframe("file")
        suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
        batch = context.data_sources.get(name).get_asset("delta").get_batch_definition("file")
        context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
    result = context.validation_definitions.get(name).run(
        batch_parameters={"dataframe": frame},
        result_format=result_format,
        run_id=gx.RunIdentifier(run_name=f"{run.destination}-{run.build_id}", run_time=run.at),
    )
    store = context.validation_results_store
    for key in store.list_keys():
        store.remove_key(key)
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
