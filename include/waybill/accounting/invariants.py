"""What must hold inside the ledger, asked of its tables: an invariant is a sentence and the query that contradicts it.

The invariants say how delivery and people's verbs write (``waybill.delivery``), so a row that was deleted, invented or
changed by anything else contradicts its attempts, its exceptions, or what builds and people are known to have done.
"""

from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from waybill.delivery import keyfiles, schema
from waybill.delivery.ledger import SNAPSHOT, Ledger
from waybill.home import Home

_SHOWN: Final = 20
"""How many contradictions of one invariant are named; more of the same help nobody."""

_PREPARED: Final = """
create temp table lineage as
with recursive ancestry as (
    select batch_id, batch_id as ancestor_id, parent_batch_id, 0 as distance
    from batches

    union all

    select ancestry.batch_id, parents.batch_id, parents.parent_batch_id, ancestry.distance + 1
    from ancestry
    inner join batches as parents
        on ancestry.parent_batch_id = parents.batch_id
)

select batch_id, ancestor_id, distance from ancestry;

-- What the platform said last of a batch: to its own newest attempt, else to that of the nearest one it came from.
create temp table last_answers as
select lineage.batch_id, arg_max(attempts.outcome, attempts.attempt_id) as outcome
from lineage
inner join attempts
    on lineage.ancestor_id = attempts.batch_id
group by lineage.batch_id, lineage.distance
qualify row_number() over (partition by lineage.batch_id order by lineage.distance) = 1;

create temp table leaf_ranges as
select batch_id, file_id, unnest(from_json(row_ranges, '[["BIGINT"]]')) as piece
from batches
where state <> 'split';

create temp table newest_exceptions as
select *
from exceptions
qualify row_number() over (partition by file_id, row_number order by exception_id desc) = 1;

-- Rows of a leaf that have a state of their own: `pending` gives a row back to its batch.
create temp table alone as
select leaf_ranges.batch_id, count(*) as events
from leaf_ranges
inner join newest_exceptions as own
    on leaf_ranges.file_id = own.file_id
    and own.row_number >= leaf_ranges.piece[1]
    and own.row_number < leaf_ranges.piece[2]
where own.state <> 'pending'
group by leaf_ranges.batch_id;

create temp table leaves as
select batches.*, last_answers.outcome as last_answer, coalesce(alone.events, 0) as alone
from batches
left join last_answers using (batch_id)
left join alone using (batch_id)
where batches.state <> 'split';

-- Who wrote an exception without an attempt: a person (whose word begins like this), a build, or a claim.
create temp table unasked as
select
    exceptions.*,
    case
        when starts_with(reason, 'resolved as sent by ') then 'resolve as sent'
        when starts_with(reason, 'resolved as not sent by ') then 'resolve as not sent'
        when starts_with(reason, 'requeued by ') then 'requeue'
        when regexp_matches(reason, '^(held_)?withdrawn by ') then 'withdraw'
        when regexp_matches(reason, '^(held_)?erased by ') then 'forget'
    end as verb,
from exceptions
where attempt_id is null
"""


class Invariant(NamedTuple):
    """A sentence with places for the columns of a query that finds nothing while all is well."""

    says: str
    query: str


def read(ledger: Ledger) -> dict[str, pa.Table]:
    """The tables that invariants ask, as of one moment."""
    return ledger.tables_as_arrow((*SNAPSHOT, schema.withdrawals))


def contradictions(tables: dict[str, pa.Table], invariants: tuple[Invariant, ...], home: Home | None) -> list[str]:
    """One sentence per contradiction, the first twenty of each invariant; ``home`` is asked for ``keys``."""
    found: list[str] = []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        if home is not None:
            connection.execute(f"create view keys as from {keyfiles.standing(home)} as standing")
        connection.execute(_PREPARED)
        for says, query in invariants:
            rows = connection.execute(f"from ({query}) as contradicting order by all limit {_SHOWN}").fetchall()
            found += [says.format(*row) for row in rows]
    return found
