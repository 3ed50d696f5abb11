"""What is kept, and what stands in for the platform: the ledger and the emulator."""

from pathlib import Path
from typing import Annotated

import typer

from waybill.cli.app import Json, app, print_json
from waybill.clock import Clock
from waybill.errors import ConfigurationError, SourceUnavailable
from waybill.redaction import printable
from waybill.settings import emulator_secrets, load_settings

ledger_app = typer.Typer(no_args_is_help=True, help="Look into the ledger.")
app.add_typer(ledger_app, name="ledger")


@ledger_app.command("show")
def ledgershow(
    limit: Annotated[int, typer.Option(min=1, help="The newest rows of each table.")] = 20, as_json: Json = False
) -> None:
    """The newest files, batches, attempts and exceptions."""
    from waybill.accounting.explain import rows
    from waybill.accounting.ledger import open_ledger
    from waybill.delivery.pauses import all_paused
    from waybill.printing import print_rows

    settings = load_settings()
    connection = open_ledger(settings)
    tables = {
        name: rows(connection, f"select * from {name} order by {key} desc limit $wanted", wanted=limit)  # noqa: S608
        for name, key in (
            ("files", "enrolled_at"),
            ("batches", "batch_id"),
            ("attempts", "attempt_id"),
            ("exceptions", "exception_id"),
            ("actions", "action_id"),
        )
    }
    if as_json:
        print_json(tables)
    else:
        for name, found in tables.items():
            print_rows(name, found)
        for pause in all_paused(settings).values():
            typer.echo(f"{pause.sentence()}.")


@ledger_app.command("audit")
def ledger_audit(as_json: Json = False) -> None:
    """Check every sum, digest and identity from the stores themselves; exit 1 and name what breaks."""
    from waybill.accounting.audit import audit

    findings = audit(load_settings())
    if as_json:
        print_json({"findings": findings, "holds": not findings})
    else:
        typer.echo(printable("\n".join(findings)) or "Everything holds: sums, files, identity.")
    if findings:
        raise typer.Exit(1)


@app.command()
def emulator(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8085,
    book: Annotated[Path | None, typer.Option(help="The request book; default: in the home.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset id; default WAYBILL_META_DATASET_ID.")] = None,
    token_env: Annotated[str, typer.Option(help="The variable that holds the token.")] = "WAYBILL_META_ACCESS_TOKEN",  # noqa: S107 - a name
    server_duplicates: Annotated[str, typer.Option(help="merged | both-kept")] = "merged",
) -> None:
    """A local Conversions API, true to Meta's contract, that keeps a book of what it received."""
    from waybill.emulator import serve

    settings = load_settings()
    settings.home.create()
    dataset_id, token = emulator_secrets(dataset, token_env)
    book_path = book or settings.home.root / "emulator.sqlite"
    try:
        serve(
            book_path=book_path,
            host=host,
            port=port,
            datasets={dataset_id: token},
            now=lambda: Clock(settings.home.facts().as_of).now(),  # the home's clock may be moved while this runs
            server_duplicates=server_duplicates,
            on_ready=lambda url: typer.echo(f"The emulator listens on {url}; its book is {book_path}"),
        )
    except ValueError as error:
        raise ConfigurationError(f"The emulator cannot start: {error}") from None
    except OSError as error:
        raise SourceUnavailable(
            f"The emulator cannot listen on {host}:{port} ({error.strerror}). Choose another with --port."
        ) from None
