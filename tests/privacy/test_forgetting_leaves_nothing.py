"""``waybill ledger forget`` on a home that went through every step: every byte of it is searched, before and after."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from forget_story import CANARY, HOUR, OTHER, WAYS, Shop, needles
from scripted import Call, Reply, Scripted, accepted, error, scripted
from searching import search

from waybill import jobs
from waybill.accounting.audit import audit
from waybill.accounting.balance import balance
from waybill.delivery.actions import Author
from waybill.errors import DestinationUnavailable
from waybill.retention.forget import Erasure, forget

WHO = Author(who="Ada", because="ticket 4711")
THEIRS, ELSE = "zqcanary-1", "somebody-2"


@dataclass
class Told:
    """What each part of the story left behind."""

    shop: Shop
    platform: Scripted
    erasure: Erasure | None = None
    found: dict[str, set[str]] = field(default_factory=dict)
    others: dict[str, set[str]] = field(default_factory=dict)
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    breaks: dict[str, list[str]] = field(default_factory=dict)
    sent_after: list[str] = field(default_factory=list)
    extracted: dict[str, Any] = field(default_factory=dict)

    def look(self, name: str) -> None:
        settings = self.shop.settings()
        self.found[name] = {one.name for one in search({"home": self.shop.home}, needles(THEIRS, CANARY))}
        self.others[name] = {one.name for one in search({"home": self.shop.home}, needles(ELSE, OTHER))}
        self.words[name] = {word: count for word, count in balance(settings)[0].words.items() if count}
        self.breaks[name] = audit(settings)

    def ids(self) -> list[str]:
        return sorted(event["event_id"] for call in self.platform.calls for event in call.events)


def answers(call: Call) -> Reply:
    (event,) = call.events
    if event["event_id"] == f"purchase_{THEIRS}-rejected":
        return error(100, 2804050)
    return Reply(status=502) if event["event_id"] == f"purchase_{THEIRS}-unknown" else accepted(call)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with scripted() as platform:
        platform.script = answers
        shop = Shop(tmp_path_factory.mktemp("forget"), platform.url)
        story = Told(shop, platform)
        shop.create()
        shop.person(THEIRS, CANARY)
        shop.person(ELSE, OTHER)
        for way in WAYS[:-1]:
            captured = "captured-by-both" if way == "taken" else None
            shop.order(ELSE, way, event_id=captured, ip="93.184.216.35")
            shop.order(THEIRS, way, event_id=captured, ip="93.184.216.34")
        settings = shop.settings()
        jobs.extract(settings)
        jobs.build(settings)
        jobs.gate(settings, "meta")
        with pytest.raises(DestinationUnavailable):  # the one without an answer
            jobs.deliver(settings, "meta")

        # What comes later is frozen, and not judged when the person is forgotten.
        shop.now += HOUR
        for person in (THEIRS, ELSE):
            shop.order(person, "later")
        settings = shop.settings()
        jobs.extract(settings)
        jobs.build(settings)
        story.look("before")
        erased: list[Erasure] = []
        forget(settings, THEIRS, None, WHO, erased.append)
        story.erasure = erased[0]
        story.look("after")

        # They order again, and so does somebody else.
        shop.now += HOUR
        for person in (THEIRS, ELSE):
            shop.order(person, "again")
        platform.calls.clear()
        platform.script = accepted
        settings = shop.settings()
        story.extracted = dict(jobs.extract(settings).counts())
        jobs.build(settings)
        jobs.gate(settings, "meta")
        jobs.deliver(settings, "meta")
        jobs.refresh_marts(settings)
        story.sent_after = story.ids()
        story.look("later")
        yield story


def test_everything_was_there_before(told: Told) -> None:
    wanted = {one.name for one in needles(THEIRS, CANARY)}
    assert told.found["before"] == wanted
    assert told.breaks["before"] == []


def test_nothing_of_the_person_is_in_any_byte(told: Told) -> None:
    assert told.found["after"] == set()
    assert told.found["later"] == set()


def test_of_the_other_person_nothing_is_missing(told: Told) -> None:
    assert told.others["after"] == told.others["before"] == told.others["later"]


def test_the_list_has_every_event_that_was_enrolled(told: Told) -> None:
    assert told.erasure is not None
    listed = {(event.event_id, event.state) for event in told.erasure.events}
    assert listed >= {
        (f"purchase_{THEIRS}-accepted", "accepted"),
        (f"purchase_{THEIRS}-rejected", "rejected"),
        (f"purchase_{THEIRS}-unknown", "unknown"),
        (f"purchase_{THEIRS}-store_1", "accepted"),
    }
    assert {event.destination for event in told.erasure.events} == {"meta"}


def test_the_sums_hold_and_what_was_sent_stays_counted(told: Told) -> None:
    assert told.breaks["after"] == told.breaks["later"] == []
    before, after, later = (told.words[name] for name in ("before", "after", "later"))
    sent = ("accepted", "rejected", "unknown")
    assert [after[word] for word in sent] == [before[word] for word in sent]
    assert {word: later[word] for word in sent} == {
        **{word: before[word] for word in sent},
        "accepted": before["accepted"] + 2,
    }
    # Of those that were never enrolled, the person's are no longer counted.
    assert (before["not_a_conversion"], after["not_a_conversion"]) == (2, 1)
    assert (before["invalid"], after["invalid"]) == (2, 1)


def test_nothing_of_them_is_sent_again_and_fresh_events_flow(told: Told) -> None:
    assert told.sent_after == [f"purchase_{ELSE}-again", f"purchase_{ELSE}-later"]
    assert told.extracted["left_out"] > 3
