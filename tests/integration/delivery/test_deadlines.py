"""A delivery warns of what waits, or is unknown, and expires soon."""

from datetime import timedelta

from office import Office
from outbox import NOW, Event, hand_over
from scripted import Reply, Scripted, error
from shell import Shell


def hours(number: float) -> timedelta:
    """A window that ends this long after now, for events of half an hour ago."""
    return timedelta(hours=number, minutes=30)


def test_what_expires_soon_is_said_with_its_moment(scripted_office: Office, platform: Scripted) -> None:
    shell = Shell(scripted_office)
    hand_over(scripted_office.home, [Event(1, window=hours(5)), Event(2, window=hours(6)), Event(3, window=hours(7))])
    platform.script = lambda call: error(4, status=403)
    answer = shell.waybill("deliver")
    assert (answer.code, "2 events of meta that are pending or unknown expire within 6 hours" in answer.err) == (
        3,
        True,
    )
    answer = shell.waybill("pause", "meta", "--because", "ticket 4711")
    answer = shell.waybill("deliver", "--json")
    assert answer.json["destinations"]["meta"]["expiring_soon"] == 2
    said = "2 events of meta that are pending or unknown expire within 6 hours, the first at 2026-11-20 17:00 UTC"
    assert said in answer.err
    shell.options["warn_before_expiry_hours"] = "1"
    answer = shell.waybill("deliver", "--json")
    assert ("expiring_soon" in answer.json["destinations"]["meta"], "expire within" in answer.err) == (False, False)


def test_a_held_unknown_counts_until_it_has_expired(scripted_office: Office, platform: Scripted) -> None:
    shell = Shell(scripted_office, {"on_unknown": '"hold"'})
    hand_over(scripted_office.home, [Event(1, window=hours(5)), Event(2)])
    platform.script = lambda call: Reply(status=502)
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["expiring_soon"] == 1
    assert shell.waybill("ledger", "withdraw", "1", "--because", "ticket 4711").code == 0
    assert shell.waybill("deliver", "--json").json["destinations"]["meta"]["expiring_soon"] == 1
    shell.now = NOW + timedelta(hours=5)
    assert "expiring_soon" not in shell.waybill("deliver", "--json").json["destinations"]["meta"]
