"""What a person decides about events that are in the ledger already; each decision is kept with who and why."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from waybill.cli.app import Destination, Json, app, print_json, show
from waybill.cli.stores import ledger_app
from waybill.errors import ConfigurationError
from waybill.redaction import printable
from waybill.settings import load_settings

if TYPE_CHECKING:
    from waybill.delivery.verbs import Done

Because = Annotated[str, typer.Option(help="Why, in a sentence; kept in the ledger. No contact data.")]
By = Annotated[str | None, typer.Option(help="Who; default: the operating system's user.")]
Wanted = Annotated[
    str | None, typer.Argument(metavar="ORDER-OR-EVENT", help="An order, a lead, a source key or an event_id.")
]
Everything = Annotated[bool, typer.Option("--all", help="All that there are, of one --destination.")]
Name = Annotated[str, typer.Argument(metavar="DESTINATION", help="Its name in waybill.toml.")]


@ledger_app.command("resolve")
def ledger_resolve(
    because: Because,
    wanted: Wanted = None,
    was_sent: Annotated[
        bool | None, typer.Option("--sent/--not-sent", help="What you found out, for example in Events Manager.")
    ] = None,
    everything: Everything = False,
    destination: Destination = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say what became of unknown events that are held for a person: sent (accepted), or not (they wait again)."""
    from waybill.delivery import actions, verbs

    if was_sent is None:
        raise ConfigurationError("Say --sent or --not-sent: what became of it is what a person has to know.")
    _one_or_all(wanted, everything, destination)
    settings = load_settings()
    author = actions.author(settings, because, by)
    _show("resolved", verbs.resolve(settings, wanted, destination, author, was_sent=was_sent), as_json)


@ledger_app.command("requeue")
def ledger_requeue(
    because: Because,
    wanted: Wanted = None,
    everything: Everything = False,
    destination: Destination = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let a rejected event be sent again, same payload, same event_id: its cause (a permission) was outside it."""
    from waybill.delivery import actions, verbs

    _one_or_all(wanted, everything, destination)
    settings = load_settings()
    author = actions.author(settings, because, by)
    _show("requeued", verbs.requeue(settings, wanted, destination, author), as_json)


@ledger_app.command("withdraw")
def ledger_withdraw(
    because: Because,
    wanted: Wanted = None,
    everything: Everything = False,
    destination: Destination = None,
    dataset: Annotated[str | None, typer.Option(help="With --all: only what is for this dataset.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take an event back that waits to be sent; one that may have arrived is held and never sent again."""
    from waybill.delivery import actions, verbs

    _one_or_all(wanted, everything, destination)
    if dataset is not None and not everything:
        raise ConfigurationError("--dataset goes with --all; an event is named by itself.")
    settings = load_settings()
    author = actions.author(settings, because, by)
    _show("withdrawn", verbs.withdraw(settings, wanted, destination, author, dataset), as_json)


@ledger_app.command("forget")
def ledger_forget(
    person: Annotated[
        str | None, typer.Argument(metavar="PERSON", help="A key of a table of people: a customer_id, a lead_id.")
    ] = None,
    because: Annotated[
        str | None, typer.Option(help="Why, in a sentence; kept in the ledger. No contact data.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="The table that the key is of, where several have it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be erased.")] = False,
    unfinished: Annotated[bool, typer.Option("--resume", help="Finish an erasure that was interrupted.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Erase a person: list every event sent for them, remove what leads to them, keep them from coming back."""
    from waybill.delivery import actions
    from waybill.printing import print_erasure
    from waybill.retention import forget as erasing

    settings = load_settings()

    def tell(erasure: erasing.Erasure) -> None:
        print_json(erasure.as_json()) if as_json else print_erasure(erasure)

    if unfinished == (person is not None) or (dry_run and unfinished):
        raise ConfigurationError("Name one person, or say --resume to finish an erasure that was interrupted.")
    if person is None:
        erasing.resume(settings, tell)
    elif dry_run:
        tell(erasing.rehearse(settings, person, table))
    elif because is None:
        raise ConfigurationError("Say --because: why a person was erased has to be known when nothing else is.")
    else:
        erasing.forget(settings, person, table, actions.author(settings, because, by), tell)


@app.command()
def pause(destination: Name, because: Because, by: By = None, as_json: Json = False) -> None:
    """Send nothing more to a destination until it is resumed; it enrols and expires as always."""
    from waybill.delivery import actions, pauses

    settings = load_settings()
    begun = pauses.pause(settings, destination, actions.author(settings, because, by))
    print_json(asdict(begun)) if as_json else typer.echo(f"{begun.sentence()}.")


@app.command()
def resume(
    destination: Name,
    because: Because = "it may be sent to again",
    by: By = None,
    now: Annotated[bool, typer.Option("--now", help="Nor wait as long as the platform asked.")] = False,
    as_json: Json = False,
) -> None:
    """End a pause; the next delivery sends what has waited and has not expired."""
    from waybill.delivery import actions, pauses

    settings = load_settings()
    ended = pauses.resume(settings, destination, actions.author(settings, because, by), now=now)
    print_json(asdict(ended)) if as_json else typer.echo(f"{ended.sentence()}.")


def _one_or_all(wanted: str | None, everything: bool, destination: str | None) -> None:
    if everything == (wanted is not None) or (everything and destination is None):
        raise ConfigurationError("Name one order or event, or say --all --destination NAME for all that there are.")


def _show(title: str, done: Sequence["Done"], as_json: bool) -> None:
    """How many events have which state now; what was left alone goes to stderr, with its reason."""
    for one in done:
        for text in one.left:
            typer.echo(printable(text), err=True)
    if as_json:
        print_json({"destinations": {one.destination: one.counts() for one in done}})
    else:
        for one in done:
            if one.states:
                show(f"{title} {one.destination}", one.counts(), as_json=False)
