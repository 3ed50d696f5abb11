"""What the command line shows a person: small tables on a terminal, the same text where there is none."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from waybill.accounting.balance import Balance
from waybill.accounting.explain import Explanation
from waybill.accounting.lag import Lag
from waybill.accounting.preview import Preview
from waybill.clock import from_text
from waybill.events import BALANCE, LAG_BANDS_SECONDS
from waybill.redaction import printable
from waybill.retention.forget import Erasure
from waybill.retention.forget_find import Sent
from waybill.warehouse.diff import Diff
from waybill.warehouse.doctor import Examination

_MEANINGS = {
    "not_a_conversion": "SQL says so: test, unpaid, cancelled, before start_at …",
    "withheld": "consent",
    "invalid": "the platform would refuse it",
    "quarantined": "refused by the gate, row by row",
    "gated": "in a delta file that the gate closed",
    "pending": "waits to be frozen, judged, enrolled or sent",
    "sending": "a request is under way",
    "unknown": "sent, and no answer came",
    "accepted": "the platform said yes",
    "rejected": "the platform said no, for good",
    "expired": "too old for the platform",
    "withdrawn": "no longer to be sent: consent, cancelled, refunded",
}

_HEADS = {"client_ip_address": "ip", "client_user_agent": "agent", "captured_event_id": "captured id"}


def console() -> Console:
    """A console that is as wide as its terminal, and wide enough for our tables where there is none."""
    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(highlight=False, width=120)


def print_counts(title: str, counts: Mapping[str, int | float]) -> None:
    """One line of figures for a finished step."""
    figures = " · ".join(f"{name.replace('_', ' ')} {_figure(value)}" for name, value in counts.items())
    console().print(f"[bold]{title}[/bold]  {figures}", soft_wrap=True)


def print_erasure(erasure: Erasure) -> None:
    """Every event of the person, as the platform knows it, and how many rows each store had."""
    if erasure.events:
        names = ("destination", "dataset", "event_name", "event_id", "state")
        print_rows(
            f"Events of {erasure.person}",
            [{**{name: getattr(event, name) for name in names}, **_moments(event)} for event in erasure.events],
        )
    else:
        console().print(f"No event was ever enrolled for {_plain(erasure.person)}.")
    if erasure.rows:
        print_counts("erased" if erasure.is_done else "would be erased", erasure.rows)
    if erasure.is_done and not erasure.rows:
        console().print("They were erased before, and nothing of them has come since.")
    if any(event.sent_at for event in erasure.events):
        console().print(
            "What was sent is with the platform: pass the erasure on to it with this list, which is kept nowhere.",
            soft_wrap=True,
        )


def _moments(event: Sent) -> dict[str, str]:
    """When it happened and when it was sent, to the second."""
    return {
        name: "" if moment is None else f"{from_text(moment):%Y-%m-%d %H:%M:%S}"
        for name, moment in (("occurred (UTC)", event.occurred_at), ("sent (UTC)", event.sent_at))
    }


def print_balance(reports: Iterable[Balance]) -> None:
    """The balance sheet of every destination; what breaks it stands below it."""
    for report in reports:
        table = Table(title=f"Balance · {report.destination}", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("where")
        table.add_column("events", justify="right")
        table.add_column("meaning", style="dim")
        for word in BALANCE:
            table.add_row(word, f"{report.words[word]:,}", _MEANINGS[word])
        table.add_section()
        table.add_row("candidates", f"{report.candidates:,}", "the sum of all of the above")
        console().print(table)
        console().print(f"possibly twice: {report.possibly_twice}")
        if report.is_balanced:
            console().print("[green]The sums agree.[/green]")
        for text in report.breaks:
            console().print(f"[red]The sums do not agree:[/red] {_plain(text)}")


def print_lag(reports: Iterable[Lag]) -> None:
    """Stage by stage, then how many events are in each of the platform's bands."""
    for report in reports:
        table = Table(title=f"Lag · {report.destination}", title_justify="left", show_edge=False, pad_edge=False)
        for name in ("stage", "events", "p50", "p95", "max"):
            table.add_column(name, justify="left" if name == "stage" else "right")
        for stage in report.stages:
            if stage.stage == "total":
                table.add_section()
            table.add_row(stage.stage, f"{stage.events:,}", *map(duration, (stage.p50, stage.p95, stage.longest)))
        console().print(table)
        limits = {**{name: f"≤ {duration(limit)}" for name, limit in LAG_BANDS_SECONDS.items()}, "lost": "later"}
        bands = " · ".join(f"{name} ({limits[name]}) {count:,}" for name, count in report.bands.items())
        console().print(f"bands: {bands}")
        console().print(
            f"accepted {report.accepted:,} · still open {report.still_open:,} · "
            f"expiring within 24 h: {report.expiring_soon:,}"
        )


def print_explanation(explanation: Explanation) -> None:
    """One candidate's way, in the order in which it happened."""
    placed = explanation.placed
    out = console()
    if placed["state"] == "landed":
        key = _plain("/".join(placed[name] for name in ("source", "entity", "entity_key")))
        out.print(f"[bold]{key}[/bold] has [bold]landed[/bold] and no build has read it yet; run `waybill build`")
    else:
        key, name = _plain(placed["source_key"]), _plain(placed["event_name"])
        out.print(f"[bold]{key}[/bold] as {name} for {placed['destination']}: [bold]{placed['state']}[/bold]",
                  soft_wrap=True)  # fmt: skip
        _fact(out, "event_id", placed["event_id"])
        _fact(out, "happened", placed["occurred_at"])
    for version in explanation.landed:
        unread = "" if version.is_built else ", which no build has read yet"
        _fact(out, "in the warehouse", version.updated_at)
        _fact(out, "landed", f"{version.landed_at}  in {version.file}{unread}")
    if placed["state"] != "landed":
        _print_way(out, explanation)


def _print_way(out: Console, explanation: Explanation) -> None:
    """What was decided, sent and answered."""
    placed = explanation.placed
    for entry in explanation.history:
        reasons = ", ".join(entry["reasons"] or []) or "no objection"
        verdict = "no longer a candidate" if entry["removed"] else f"{entry['verdict']} ({reasons})"
        _fact(out, "decided", f"{entry['built_at']}  {verdict}")
        for reason in entry["reasons"] or []:
            _fact(out, "", explanation.meanings.get(reason))
    if placed["gate_reasons"]:
        _fact(out, "gate", f"{', '.join(placed['gate_reasons'])}")
        for reason in placed["gate_reasons"]:
            _fact(out, "", explanation.meanings.get(reason))
    if explanation.quarantined:
        seen = explanation.quarantined
        _fact(out, "quarantined", f"first seen {seen['first_seen']}, last {seen['last_seen']}")
    for approval in explanation.approvals:
        did = "opened" if approval["opened"] else "kept closed"
        said = f"{approval['file_id']} by {approval['who']}: {approval['because']}"
        _fact(out, did, f"{approval['decided_at']}  {said}")
    if placed["file_id"] is not None:
        _fact(out, "frozen", f"{placed['frozen_at']}  row {placed['row_number']} of {placed['file_id']}")
    for attempt in explanation.attempts:
        answer = attempt["outcome"] or "no answer yet"
        codes = " ".join(f"{name} {attempt[name]}" for name in ("http_status", "code", "subcode") if attempt[name])
        _fact(out, "sent", f"{attempt['started_at']}  in batch {attempt['batch_id']}: {answer} {codes}".rstrip())
        _fact(out, "", attempt["reason"])
    for exception in explanation.exceptions:
        _fact(out, exception["state"], f"{exception['created_at']}  {exception['reason']}")
    for change in explanation.changes:
        changed = [
            name
            for name in ("event_id", "value", "currency", "occurred_at", "dataset")
            if change[name] != change[f"{name}_now"]
        ]
        _fact(out, "changed later", f"{change['changed_at']}  {', '.join(changed)}; not sent again")
    _fact(out, "expires", placed["expires_at"])


def print_preview(preview: Preview) -> None:
    """One payload as it is sent, indented for people."""
    out = console()
    late = ", past its expiry" if preview.past_expiry else ""
    key, name, dataset = _plain(preview.source_key), _plain(preview.event_name), _plain(preview.dataset)
    out.print(f"[bold]{key}[/bold] as {name} to {preview.destination}/{dataset}: "
              f"row {preview.row_number} of {preview.file_id}{late}", soft_wrap=True)  # fmt: skip
    out.print(printable(json.dumps(preview.payload, indent=2, ensure_ascii=False)), markup=False, soft_wrap=True)


def print_examination(examination: Examination) -> None:
    """Contact data identifier by identifier, what the events carry of it, and what can be done."""
    table = Table(title="Contact data that landed", title_justify="left", show_edge=False, pad_edge=False)
    for name in ("of", "identifier", "people", "sent", "what was found"):
        table.add_column(name, justify="right" if name in ("people", "sent") else "left")
    for one in examination.identifiers:
        findings = " · ".join(
            f"{finding} {count:,}" for finding, count in one.findings.items() if finding != "in_clear"
        )
        table.add_row(one.subject_type, one.identifier, f"{one.subjects:,}", _share(one.sent, one.subjects), findings)
    console().print(table)
    events = Table(title="What events carry", title_justify="left", show_edge=False, pad_edge=False)
    shown = ("em", "ph", "external_id", "client_ip_address", "client_user_agent", "fbc", "fbp", "captured_event_id")
    for name in ("event", "where", "events", *shown):
        is_text = name in ("event", "where")
        events.add_column(_HEADS.get(name, name), justify="left" if is_text else "right", overflow="fold")
    for event in examination.events:
        shares = [_share(event.carrying[name], event.events) for name in shown]
        events.add_row(_plain(event.event_name), _plain(event.action_source), f"{event.events:,}", *shares)
    console().print(events)
    for finding, advice in examination.advice().items():
        console().print(f"[bold]{finding}[/bold]  {advice}", soft_wrap=True)


def print_diff(diff: Diff) -> None:
    """What would be told differently: kinds of change by event name, then what is inside."""
    out = console()
    out.print(f"[bold]{diff.destination}[/bold] against {diff.against}: {diff.compared:,} candidates compared")
    if diff.is_same:
        out.print("[green]Nothing would be told differently.[/green]")
    for name, changes in diff.changes.items():
        _fact(out, name, " · ".join(f"{change} {count:,}" for change, count in changes.items()))
        for pair, count in diff.verdicts.get(name, {}).items():
            _fact(out, "", f"{pair}: {count:,}")
    if diff.payload_keys:
        _fact(out, "payload keys", " · ".join(f"{key} {count:,}" for key, count in diff.payload_keys.items()))
    _fact(out, "payloads gone", f"{diff.payloads_gone:,} (their delta files are)" if diff.payloads_gone else None)
    for change, keys in diff.examples.items():
        _fact(out, f"e.g. {change}", " · ".join(keys))


def print_rows(title: str, rows: list[dict[str, Any]]) -> None:
    """Rows of a store as a table; nothing where there are none."""
    table = Table(title=f"{_plain(title)} ({len(rows)})", title_justify="left", show_edge=False, pad_edge=False)
    for name in rows[0] if rows else ["nothing yet"]:
        table.add_column(_plain(name))
    for row in rows:
        table.add_row(*("" if value is None else _plain(value) for value in row.values()))
    console().print(table)


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``1.2 s``, ``14 min``, ``3.1 h``, ``6.9 d``."""
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (48 * 3600, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 86400:.1f} d"


def _plain(value: object) -> str:
    """A value as it is, on one line: no markup, and nothing that a terminal would act on."""
    return escape(printable(str(value)).replace("\n", "\ufffd"))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def _fact(out: Console, name: str, value: object) -> None:
    if value is not None:
        out.print(f"  {_plain(name):<17} {_plain(value)}", soft_wrap=True)


def _figure(value: int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
