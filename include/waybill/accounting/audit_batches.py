"""What must hold between batches, their attempts and their files: an end has the answer that gave it."""

from typing import Final

from waybill.accounting.invariants import Invariant

BATCHES: Final = (
    Invariant(
        "batch {0} of {1} says {2} events but names {3} rows",
        """
        select batch_id, file_id, events, (
            select sum(piece[2] - piece[1])
            from (select unnest(from_json(batches.row_ranges, '[["BIGINT"]]')) as piece)
        ) as rows_named
        from batches
        where rows_named is distinct from events
        """,
    ),
    Invariant(
        "batch {0} of {1} counts {2} attempts, and {3} are there",
        """
        select batches.batch_id, any_value(batches.file_id), any_value(batches.attempts), count(attempts.attempt_id)
        from batches
        left join attempts using (batch_id)
        group by batches.batch_id
        having any_value(batches.attempts) <> count(attempts.attempt_id)
        """,
    ),
    Invariant(
        "batch {0} is {1}, and the answer to its attempt {2} was {3}",
        """
        select batches.batch_id, batches.state, attempts.attempt_id, attempts.outcome
        from batches
        inner join attempts using (batch_id)
        where
            (attempts.outcome = 'accepted' and batches.state not in ('accepted', 'split'))
            or (attempts.outcome = 'partial' and batches.state <> 'split')
            or (attempts.outcome = 'unknown' and batches.state in ('pending', 'expired', 'withdrawn'))
        """,
    ),
    Invariant(
        "batch {0} was sent again after its attempt {1} was answered {2}",
        """
        select batch_id, min(attempt_id), arg_min(outcome, attempt_id)
        from (
            select batch_id, attempt_id, outcome, max(attempt_id) over (partition by batch_id) as newest
            from attempts
        )
        where outcome in ('accepted', 'partial') and attempt_id < newest
        group by batch_id
        """,
    ),
    Invariant(
        "batch {0} is {1}, and {2} of its attempts have no outcome",
        """
        select batches.batch_id, batches.state, count(attempts.attempt_id)
        from batches
        left join attempts
            on batches.batch_id = attempts.batch_id
            and attempts.outcome is null
        group by batches.batch_id, batches.state
        having count(attempts.attempt_id) <> (case when batches.state = 'sending' then 1 else 0 end)
        """,
    ),
    Invariant(
        "batch {0} is accepted, and no attempt at it was, and no person said so (the last answer: {1})",
        """
        select batch_id, coalesce(last_answer, 'none')
        from leaves
        where state = 'accepted' and coalesce(last_answer, '') not in ('accepted', 'partial') and alone < events
        """,
    ),
    Invariant(
        "batch {0} is {1}, and {2} of its {3} events have no exception that says why",
        "select batch_id, state, events - alone, events from leaves "
        "where state in ('withdrawn', 'rejected') and alone < events",
    ),
    Invariant(
        "batch {0} has been expired since {1}, and its events expire at {2} at the earliest",
        """
        select leaves.batch_id, leaves.settled_at, leaves.expires_at
        from leaves
        inner join files using (file_id)
        where
            leaves.state = 'expired'
            and leaves.alone < leaves.events
            and leaves.expires_at > greatest(leaves.settled_at, files.frozen_at)
        """,
    ),
    Invariant(
        "{0} was settled at {1}, and {2} of its events wait or are unknown",
        """
        with waiting as (
            select file_id, events from leaves where state in ('pending', 'unknown', 'sending')
            union all
            select file_id, 1 as events from newest_exceptions where state = 'unknown'
        )

        select files.file_id, any_value(files.settled_at), sum(waiting.events)
        from files
        inner join waiting using (file_id)
        where files.settled_at is not null
        group by files.file_id
        """,
    ),
)
