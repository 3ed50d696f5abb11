"""Makes the sample shop in a database and says in ``home.toml`` what the home is; adds later slices to it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from waybill.clock import Clock, to_text
from waybill.errors import ConfigurationError
from waybill.home import HomeFacts
from waybill.sample import shares
from waybill.sample.later import updates
from waybill.sample.shop import Numbers, Tables, new_rows
from waybill.sample.store import MARKER, Slice, Store, numbers
from waybill.sample.store_duckdb import DuckDbStore
from waybill.sample.store_postgres import PostgresStore
from waybill.sample.timeline import Timeline, micros
from waybill.settings import Settings
from waybill.sources.uris import Address, DuckDbFile, parse


@dataclass(frozen=True)
class SampleReport:
    """What was made: rows per table (new ones and, in a later slice, updated ones), and when the shop's time ends."""

    warehouse: str
    slice_number: int
    seed: int
    as_of: datetime
    start_at: datetime
    rows: dict[str, int]
    updated: dict[str, int]

    def counts(self) -> dict[str, int | float]:
        return {
            "rows": sum(self.rows.values()) + sum(self.updated.values()),
            **{f"rows_{name}": count for name, count in self.rows.items()},
            **{f"updated_{name}": count for name, count in self.updated.items() if count},
        }


def make(
    settings: Settings,
    orders: int,
    leads: int,
    seed: int,
    into: str | None = None,
    as_of: datetime | None = None,
    start_days: int = 6,
    later: bool = False,
) -> SampleReport:
    """Makes a shop of so many orders and leads in ``into`` and writes ``home.toml``.

    ``into`` is a URI; by default it is ``<home>/shop.duckdb``. The rows depend on (orders, leads, seed, as_of) only.
    With ``as_of`` the home's clock stands still there; without it the shop's time ends now and the clock runs.
    ``start_days`` is how long before as_of the destinations went live. ``later`` adds a slice instead (see
    ``add_slice``). Refuses, with a ConfigurationError, a database that holds such tables of somebody else and a home
    that has already extracted something else.
    """
    if later:
        return add_slice(settings, orders=orders, leads=leads, into=into, as_of=as_of)
    _check_sizes(orders, leads, start_days)
    moment = _utc(as_of) or Clock().now()
    start_at = moment - timedelta(days=start_days)
    address = parse(into) if into else DuckDbFile(settings.home.root / "shop.duckdb")
    timeline = Timeline(micros(moment), micros(start_at))
    settings.home.create()
    with _open(address) as store:
        _may_replace(settings, store, address, seed, moment, orders, leads)
        tables = new_rows(seed, 0, timeline, orders, leads, Numbers())
        first = _slice(0, seed, moment, start_at, orders, leads, tables)
        store.create(tables, first)
    _write_facts(settings, HomeFacts(True, moment if as_of else None, start_at, _uri(address)))
    return SampleReport(
        address.shown, 0, seed, moment, start_at, {name: len(rows) for name, rows in tables.items()}, {}
    )


def add_slice(
    settings: Settings,
    orders: int | None = None,
    leads: int | None = None,
    into: str | None = None,
    as_of: datetime | None = None,
) -> SampleReport:
    """Adds what happened since: new rows (5 % by default) and updates of old ones, committed just before ``as_of``.

    ``as_of`` is now in a home whose clock runs; where it stands still, it is an hour later than the last slice, and
    the clock moves there.
    """
    address = parse(into) if into else _own_address(settings)
    with _open(address) as store:
        slices = store.slices()
        if not slices:
            raise ConfigurationError(f"{address.shown} holds no sample to add to. Make one first: waybill sample.")
        last = slices[-1]
        moment = _next_moment(settings, last.as_of, as_of)
        n_orders = round(slices[0].orders * shares.LATER) if orders is None else orders
        n_leads = round(slices[0].leads * shares.LATER) if leads is None else leads
        _check_sizes(n_orders, n_leads, 1)
        number = last.slice_number + 1
        since = max(micros(last.as_of.astimezone(UTC)), micros(moment - timedelta(minutes=shares.LATER_MINUTES)))
        timeline = Timeline(micros(moment), micros(last.start_at.astimezone(UTC)), since)
        used = numbers(slices)
        tables = new_rows(last.seed, number, timeline, n_orders, n_leads, used)
        rows = {name: len(frame) for name, frame in tables.items()}
        tables, updated = updates(store, last.seed, number, timeline, tables, used)
        added = _slice(number, last.seed, moment, last.start_at.astimezone(UTC), n_orders, n_leads, tables)
        store.merge(tables, added)
    facts = settings.home.facts()
    fixed = moment if facts.as_of is not None else None
    _write_facts(
        settings, HomeFacts(True, fixed, facts.start_at or added.start_at, facts.warehouse_uri or _uri(address))
    )
    return SampleReport(address.shown, number, last.seed, moment, added.start_at, rows, updated)


def _open(address: Address) -> Store:
    return DuckDbStore(address.path) if isinstance(address, DuckDbFile) else PostgresStore(address)


def _check_sizes(orders: int, leads: int, start_days: int) -> None:
    if orders < 0 or leads < 0 or start_days < 1:
        raise ConfigurationError("A sample has 0 or more orders and leads, and starts at least one day before as_of.")


def _may_replace(
    settings: Settings, store: Store, address: Address, seed: int, as_of: datetime, orders: int, leads: int
) -> None:
    """Nobody's tables are overwritten but a sample's, and never under a home that has already read another one."""
    slices = store.slices()
    found = sorted(store.tables() - {MARKER})
    if found and not slices:
        raise ConfigurationError(
            f"{address.shown} already holds tables that `waybill sample` did not make ({', '.join(found)}); nothing "
            "was changed. Name another database with --into."
        )
    same = [(one.seed, one.as_of, one.orders, one.leads) for one in slices] == [(seed, as_of, orders, leads)]
    if not same and any(settings.home.landing.rglob("*.parquet")):
        raise ConfigurationError(
            f"{settings.home.root} has already extracted from a warehouse, and a new shop under it would contradict "
            "what was landed; nothing was changed. Add to the shop with `waybill sample --later`, or use another "
            "WAYBILL_HOME."
        )


def _own_address(settings: Settings) -> Address:
    if settings.warehouse_uri is not None:
        return parse(settings.warehouse_uri.get_secret_value())
    return DuckDbFile(settings.home.root / "shop.duckdb")


def _next_moment(settings: Settings, last: datetime, as_of: datetime | None) -> datetime:
    """When the slice's time ends: later than the last one's, and on a clock that stands still moved by hand."""
    stands_still = settings.home.facts().as_of is not None
    if as_of is not None and not stands_still:
        raise ConfigurationError(
            "The clock of this home runs, so a later slice ends now; leave --as-of out (or make the shop with --as-of)."
        )
    moment = _utc(as_of) or (last.astimezone(UTC) + timedelta(hours=1) if stands_still else Clock().now())
    if moment <= last:
        raise ConfigurationError(f"A later slice must end after the last one, which ended at {to_text(last)}.")
    return moment


def _slice(
    number: int, seed: int, as_of: datetime, start_at: datetime, orders: int, leads: int, tables: Tables
) -> Slice:
    return Slice(
        number,
        seed,
        as_of,
        start_at,
        orders,
        leads,
        len(tables["customers"]),
        len(tables["clicks"]),
        len(tables["consents"]),
    )


def _utc(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise ConfigurationError("as_of needs a time zone, for example 2026-11-20T12:00:00Z.")
    return None if moment is None else moment.astimezone(UTC)


def _uri(address: Address) -> str:
    """How ``home.toml`` names the warehouse: absolute, and never with a password."""
    return f"duckdb:///{address.path}" if isinstance(address, DuckDbFile) else address.without_password


def _write_facts(settings: Settings, facts: HomeFacts) -> None:
    settings.home.create()
    aside = settings.home.facts_file.with_suffix(".tmp")
    aside.write_text(facts.to_toml())
    aside.replace(settings.home.facts_file)
