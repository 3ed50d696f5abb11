"""SIGTERM: a delivery ends within ten seconds, and no answer that came is forgotten."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from chain import START_AT, Chain, environment
from oracle import violations
from outbox import NOW, events

from waybill.clock import from_text
from waybill.emulator import Emulator
from waybill.home import HomeFacts

LONGEST = 10.0
"""Seconds from SIGTERM to the end."""


@contextmanager
def delivering(chain: Chain, platform: Emulator) -> Iterator[subprocess.Popen[str]]:
    """`waybill deliver` as people and schedulers start it, once its request is in the platform's book."""
    home = chain.office.home
    home.facts_file.write_text(HomeFacts(is_sample=True, as_of=NOW, start_at=from_text(START_AT)).to_toml())
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "waybill", "deliver"],
        env={**kept, **environment(home.root, platform.base_url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        give_up = time.monotonic() + 60
        while not platform.book.requests() and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        yield process


def stopped(process: subprocess.Popen[str]) -> float:
    """Seconds until the process has ended after SIGTERM."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    return time.monotonic() - began


@pytest.mark.parametrize(("seconds", "outcome"), [(2.0, "accepted"), (60.0, None)])
def test_an_answer_is_waited_for_but_not_for_long(
    make_chain: Callable[..., Chain], platform: Emulator, seconds: float, outcome: str | None
) -> None:
    chain = make_chain()
    chain.add(events(5))
    platform.plan("slow", times=None, seconds=seconds)
    with delivering(chain, platform) as process:
        assert stopped(process) < LONGEST
    assert chain.office.rows("select outcome from attempts") == [(outcome,)]

    platform.clear_faults()
    chain.add(events(1, first=9001))
    chain.office.deliver()
    assert violations(chain, platform.book) == []
    assert chain.office.states() == {"accepted": 6}
    assert len(platform.book.events()) == (6 if outcome else 11), "only what had no answer was sent again"
