"""Which measure each set rule judges: the file's own, that of a trailing window where it is too small, or none yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from waybill.quality.history import History
from waybill.quality.suites import SetRule
from waybill.thresholds import Thresholds


@dataclass(frozen=True)
class Observed:
    """The rules that can be judged with their measures; ``trailing`` names those that needed the files before."""

    rules: list[SetRule]
    measures: dict[str, float]
    trailing: frozenset[str]

    def broken(self, thresholds: Thresholds) -> list[str]:
        """The rules that are broken, as far as numbers tell before Great Expectations is asked."""
        return [rule.name for rule in self.rules if self.measures[rule.name] > rule.limit(thresholds)]


def observe(rules: Iterable[SetRule], history: History, own: Mapping[str, float], thresholds: Thresholds) -> Observed:
    """Chooses the measure of each rule that can be judged.

    A file that is too small for a rule is closed only where it breaks the rule itself *and* does so together with the
    enrolled files before it: a few bad rows mean nothing alone, and what was mended must not answer for what went out.
    """
    chosen: list[SetRule] = []
    measures: dict[str, float] = {}
    trailing: set[str] = set()
    pools: dict[tuple[str, int], dict[str, float]] = {}
    for rule in rules:
        if rule.waits(own, thresholds):
            continue
        if rule.applies(own, thresholds):
            measures[rule.name] = own[rule.name]
        elif rule.trails and own[rule.name] > rule.limit(thresholds):
            key = rule.counted, rule.needed(thresholds)
            pools[key] = pool = pools.get(key) or history.pooled(rule)
            if rule.applies(pool, thresholds):
                measures[rule.name] = min(own[rule.name], pool[rule.name])
                trailing.add(rule.name)
        chosen += [rule] if rule.name in measures else []
    return Observed(chosen, measures, frozenset(trailing))
