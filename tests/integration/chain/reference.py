"""A slow, obvious second opinion: where every candidate of a landed shop must be, in plain Python over landing files.

It shares no code with the product: it reads the Parquet files and follows the written rules, row by row.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from reference_people import country_code, is_anybody
from reference_words import KNOWN_CURRENCIES, LDU_STATES, NEEDS_CONSENT

SUBSCRIPTION_EVENTS = {
    "trial_started": ("StartTrial", "trial"),
    "subscribed": ("Subscribe", "subscribe"),
    "renewed": ("SubscriptionRenewed", "renewal"),
    "upgraded": ("SubscriptionUpgraded", "upgrade"),
    "cancelled": ("SubscriptionCancelled", "cancellation"),
}


class Shop:
    """The newest landed version of every row, and the decisions of everybody."""

    def __init__(self, landing: Path, start_at: datetime) -> None:
        self.landing, self.start_at = landing, start_at
        self.orders = self._newest("orders", "order_id")
        self.leads = self._newest("leads", "lead_id")
        self.customers = self._newest("customers", "customer_id")
        self.lines: dict[str, list[dict[str, Any]]] = {}
        for line in self._newest("order_lines", "order_id", "line_number").values():
            self.lines.setdefault(line["order_id"], []).append(line)
        self.stages: dict[str, list[dict[str, Any]]] = {}
        for change in self._newest("lead_stages", "change_id").values():
            self.stages.setdefault(change["lead_id"], []).append(change)
        self.subscriptions: dict[str, list[dict[str, Any]]] = {}
        for event in self._newest("subscription_events", "subscription_event_id").values():
            self.subscriptions.setdefault(event["subscription_id"], []).append(event)
        self.clicks: dict[str, list[dict[str, Any]]] = {}
        for click in self._newest("clicks", "click_id").values():
            self.clicks.setdefault(click["order_id"] or click["lead_id"] or click["subscription_id"], []).append(click)
        self.decisions: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for consent in self._newest("consents", "consent_id").values():
            if consent["purpose"] == "advertising":
                self.decisions.setdefault((consent["subject_type"], consent["subject_id"]), []).append(consent)

    def _newest(self, table: str, *key: str) -> dict[Any, dict[str, Any]]:
        frame = pl.concat(pl.read_parquet(path) for path in sorted((self.landing / "shop" / table).glob("*.parquet")))
        newest: dict[Any, dict[str, Any]] = {}
        for row in frame.sort("updated_at", "_extracted_at").iter_rows(named=True):
            newest[tuple(row[name] for name in key)] = row
        return newest

    def verdicts(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Source key → (verdict, what is known of the event: name, id, moments)."""
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for order in self.orders.values():
            found.update(self._order(order))
        for lead in self.leads.values():
            found[f"shop/leads/{escaped(lead['lead_id'])}"] = self._lead(lead)
        for changes in self.stages.values():
            found.update(self._stages(changes))
        for events in self.subscriptions.values():
            found.update(self._subscription(events))
        return found

    def _order(self, order: dict[str, Any]) -> Iterable[tuple[str, tuple[str, dict[str, Any]]]]:
        key = f"shop/orders/{escaped(order['order_id'])}"
        occurred = order["paid_at"] or order["ordered_at"]
        refunded = order["refunded_amount"]
        is_none = (
            order["is_test"]
            or order["paid_at"] is None
            or order["status"] in ("cancelled", "refunded", "duplicate")
            or order["cancelled_at"] is not None
            or (refunded is not None and refunded > 0 and refunded >= order["total"])
            or order["channel"] not in ("web", "store", "phone", "email", "chat")
            or occurred < self.start_at
        )
        is_withheld = self._withheld("customer", order["customer_id"], occurred)
        known = {"event_name": "Purchase", "occurred_at": occurred}
        if order["channel"] != "store":
            captured = captured_id(self.clicks.get(order["order_id"], [])) if order["channel"] == "web" else None
            known |= {"event_id": captured or f"purchase_{order['order_id']}", "is_captured": captured is not None}
            is_invalid = bad_money(order["total"], order["currency"], required=True)
            return [(key, (verdict(is_none, is_withheld, is_invalid), known | {"days": 7}))]
        lines = self.lines.get(order["order_id"], [])
        if not lines:
            known |= {"event_id": f"purchase_{order['order_id']}", "is_captured": False, "days": 62}
            return [(key, (verdict(is_none, is_withheld, True), known))]
        return [
            (
                f"{key}/{line['line_number']}",
                (
                    verdict(
                        is_none,
                        is_withheld,
                        bad_money(line["quantity"] * line["unit_price"], order["currency"], required=True),
                    ),
                    known
                    | {
                        "event_id": f"purchase_{order['order_id']}_{line['line_number']}",
                        "is_captured": False,
                        "days": 62,
                    },
                ),
            )
            for line in lines
        ]

    def _lead(self, lead: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        clicks = self.clicks.get(lead["lead_id"], [])
        captured = captured_id(clicks)
        is_none = (
            lead["is_test"]
            or lead["status"] in ("spam", "duplicate")
            or lead["form_name"] == "instant_form"
            or lead["submitted_at"] < self.start_at
        )
        is_withheld = self._withheld("lead", lead["lead_id"], lead["submitted_at"])
        known = {
            "event_name": "Lead",
            "occurred_at": lead["submitted_at"],
            "event_id": captured or f"lead_{lead['lead_id']}",
            "is_captured": captured is not None,
            "days": 7,
        }
        return verdict(is_none, is_withheld, not is_anybody(lead, clicks)), known

    def _stages(self, changes: list[dict[str, Any]]) -> Iterable[tuple[str, tuple[str, dict[str, Any]]]]:
        before = None
        for change in sorted(changes, key=lambda row: (row["changed_at"], row["change_id"])):
            lead = self.leads.get((change["lead_id"],))
            stage, occurred = (change["stage"] or "").strip(), change["changed_at"]
            is_none = (
                change["is_test"]
                or (lead is not None and (lead["is_test"] or lead["status"] in ("spam", "duplicate")))
                or (lead is not None and lead["form_name"] != "instant_form")
                or not stage
                or stage == before
                or occurred < self.start_at
            )
            before = stage
            is_invalid = lead is not None and occurred < lead["submitted_at"]
            meta_id = (change["meta_lead_id"] or "").strip()
            if not (meta_id.isdigit() and 15 <= len(meta_id) <= 17):
                is_invalid = is_invalid or lead is None or not is_anybody(lead, [])
            is_withheld = self._withheld("lead", change["lead_id"], occurred)
            known = {"event_name": stage, "event_id": f"stage_{change['change_id']}"}
            known |= {"occurred_at": occurred, "is_captured": False, "days": 7}
            key = f"shop/lead_stages/{escaped(change['change_id'])}"
            yield key, (verdict(is_none, is_withheld, is_invalid), known)

    def _subscription(self, events: list[dict[str, Any]]) -> Iterable[tuple[str, tuple[str, dict[str, Any]]]]:
        starts = sorted(
            (event for event in events if event["event_type"] in ("trial_started", "subscribed")),
            key=lambda event: (event["occurred_at"], event["subscription_event_id"]),
        )
        own_clicks: dict[str, list[dict[str, Any]]] = {}
        for click in self.clicks.get(events[0]["subscription_id"], []):
            after = [event for event in starts if event["occurred_at"] >= click["clicked_at"]]
            if after:
                own_clicks.setdefault(after[0]["subscription_event_id"], []).append(click)
        for event in events:
            name, prefix = SUBSCRIPTION_EVENTS.get(event["event_type"], ("SubscriptionChanged", ""))
            key, occurred = event["subscription_event_id"], event["occurred_at"]
            captured = captured_id(own_clicks.get(key, []))
            number = event["occurrence"] or 1
            made = f"{prefix}_{event['subscription_id']}"
            if prefix not in ("trial", "subscribe"):
                made += f"_{number}"
            elif number > 1:
                made = f"re{made}_{number}"
            is_none = event["is_test"] or not prefix or occurred < self.start_at
            known = {"event_name": name, "event_id": captured or made, "occurred_at": occurred}
            known |= {"is_captured": captured is not None, "days": 7}
            is_withheld = self._withheld("customer", event["customer_id"], occurred)
            yield f"shop/subscription_events/{escaped(key)}", (verdict(is_none, is_withheld, False), known)

    def _withheld(self, kind: str, subject: str | None, occurred: datetime) -> bool:
        people = self.customers if kind == "customer" else self.leads
        person = people.get((subject,))
        country = country_code((person or {}).get("country") or "")
        decisions = sorted(
            self.decisions.get((kind, subject or ""), []), key=lambda row: (row["decided_at"], row["consent_id"])
        )
        then = [row for row in decisions if row["decided_at"] <= occurred][-1:]
        answers = [*then, *decisions[-1:]]
        if len(country) != 2 or country in NEEDS_CONSENT:
            agreed = [row["decision"] == "granted" and row.get("basis") in (None, "opt_in") for row in answers]
            return agreed != [True, True]
        state = ((person or {}).get("state") or "").strip().upper().replace(".", "")
        can_be_limited = country == "US" and (state in LDU_STATES or state in LDU_STATES.values())
        return not can_be_limited and any(row["decision"] in ("denied", "withdrawn") for row in answers)


def states(
    verdicts: dict[str, tuple[str, dict[str, Any]]], now: datetime
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Where each candidate must be once everything sendable has been offered at ``now``, and what is known of it."""
    placed: dict[str, str] = {}
    holders: dict[tuple[str, str], str] = {}
    sendable = [(key, known) for key, (verdict, known) in verdicts.items() if verdict == "sendable"]
    for key, known in sorted(sendable, key=lambda item: (item[1]["occurred_at"], item[0])):
        limit = timedelta(hours=46) if known["is_captured"] else timedelta(days=known["days"], hours=-2)
        name = (known["event_name"], known["event_id"])
        if known["occurred_at"] + limit <= now:
            placed[key] = "expired"
        elif name in holders:
            placed[key] = "quarantined"
        else:
            placed[key] = "accepted"
        holders.setdefault(name, key)
    for key, (found, _) in verdicts.items():
        placed.setdefault(key, found)
    return placed, {key: known for key, (_, known) in verdicts.items()}


def verdict(is_none: bool, is_withheld: bool, is_invalid: bool) -> str:
    return "not_a_conversion" if is_none else "withheld" if is_withheld else "invalid" if is_invalid else "sendable"


def bad_money(value: Any, currency: str | None, *, required: bool) -> bool:
    return required and (value is None or value < 0 or (currency or "").strip().upper() not in KNOWN_CURRENCIES)


def captured_id(clicks: list[dict[str, Any]]) -> str | None:
    with_id = [click for click in clicks if click["event_id"]]
    newest = sorted(with_id, key=lambda click: (click["clicked_at"] or click["updated_at"], click["click_id"]))
    return newest[-1]["event_id"] if newest else None


def escaped(part: str) -> str:
    return part.replace("%", "%25").replace("/", "%2F")
