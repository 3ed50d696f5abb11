"""What the reasons of a verdict or of the gate mean, in a sentence for people, and what can be done about them.

The sentences of verdicts are the dbt project's seed ``reasons``, so that who adds a reason in SQL explains it there.
"""

import csv

from waybill.errors import ConfigurationError
from waybill.quality.suites import ROW_RULES, SET_RULES
from waybill.settings import Settings


def meanings(settings: Settings) -> dict[str, str]:
    """A sentence for every reason that can be given; ConfigurationError when the seed cannot be read."""
    path = settings.dbt_project_dir / "seeds" / "reasons.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            of_verdicts = {row["reason"]: f"{row['meaning']}. {row['advice']}" for row in csv.DictReader(file)}
    except (OSError, KeyError, csv.Error) as error:
        raise ConfigurationError(
            f"{path} cannot be read ({type(error).__name__}: {error}). It must have the columns reason, meaning and "
            "advice; WAYBILL_DBT_PROJECT_DIR must name Waybill's dbt project."
        ) from error
    of_rows = {rule.name: f"the gate expects that {rule.expects}." for rule in ROW_RULES}
    of_files = {rule.name: f"the gate measures the {rule.expects}; the file is closed." for rule in SET_RULES}
    return {**of_rows, **of_files, **of_verdicts}
