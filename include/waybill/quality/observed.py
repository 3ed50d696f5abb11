"""Which measure each set rule judges: the file's own, that of a trailing window where it is too small, or none yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from waybill.quality.history import History
from waybill.quality.suites import SET_RULES, SetRule
from waybill.thresholds import Thresholds


@dataclass(frozen=True)
class Observed:
    """The rules that can be judged with their measures; ``trailing`` names those that needed the files before."""

    rules: list[SetRule]
    measures: dict[str, float]
    trailing: frozenset[str]


def observe(history: History, own: Mapping[str, float], thresholds: Thresholds) -> Observed:
    """Chooses the measure of each rule.

    A file that is too small for a rule is closed only where it breaks the rule itself *and* does so together with the
    enrolled files before it: a few bad rows mean nothing alone, and what was mended must not answer for what went out.
    """
    measures: dict[str, float] = {}
    trailing: set[str] = set()
    pools: dict[tuple[str, int], dict[str, float]] = {}
    for rule in SET_RULES:
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
    return Observed([rule for rule in SET_RULES if rule.name in measures], measures, frozenset(trailing))
