"""What must hold of exceptions: an attempt, a build or a person gave the state, and the names are those enrolled."""

from typing import Final

from waybill.accounting.invariants import Invariant

EXCEPTIONS: Final = (
    Invariant(
        "exception {0} is about row {2} of {1}, which batch {3} does not hold",
        """
        select exceptions.exception_id, exceptions.file_id, exceptions.row_number, exceptions.batch_id
        from exceptions
        left join batches
            on exceptions.batch_id = batches.batch_id
            and exceptions.file_id = batches.file_id
            and exceptions.destination = batches.destination
            and exceptions.dataset = batches.dataset
        where not coalesce(list_bool_or([
            exceptions.row_number >= piece[1] and exceptions.row_number < piece[2]
            for piece in from_json(batches.row_ranges, '[["BIGINT"]]')
        ]), false)
        """,
    ),
    Invariant(
        "exception {0} calls an event of batch {1} {2} after an attempt at it that said nothing of the kind",
        """
        select exceptions.exception_id, exceptions.batch_id, exceptions.state
        from exceptions
        anti join (
            select lineage.batch_id, attempts.attempt_id, attempts.outcome
            from attempts
            inner join lineage
                on attempts.batch_id = lineage.ancestor_id
        ) as answers
            on exceptions.batch_id = answers.batch_id
            and exceptions.attempt_id = answers.attempt_id
            and case exceptions.state
                when 'accepted' then answers.outcome in ('accepted', 'partial')
                when 'rejected' then answers.outcome in ('refused', 'partial')
                when 'withdrawn' then answers.outcome in ('refused', 'partial', 'retry', 'stop')
            end
        where exceptions.attempt_id is not null
        """,
    ),
    Invariant(
        "exception {0} calls an event of batch {1} {2}, and neither an attempt nor a person did",
        """
        select exception_id, batch_id, state
        from unasked
        where case state
            when 'accepted' then verb is distinct from 'resolve as sent'
            when 'pending' then verb is null or verb not in ('requeue', 'resolve as not sent')
            when 'unknown' then not starts_with(reason, 'held_')
            else state not in ('expired', 'withdrawn')
        end
        """,
    ),
    Invariant(
        "{0}: {1} events were withdrawn by builds, and the exceptions of {2} say so",
        """
        select destination, coalesce(told.events, 0) as events_told, coalesce(found.events, 0) as events_found
        from (
            select destination, count(*) as events
            from unasked
            where state = 'withdrawn' and verb is null
            group by destination
        ) as found
        full join (
            select destination, sum(events) as events from withdrawals group by destination
        ) as told using (destination)
        where events_told <> events_found
        """,
    ),
    Invariant(
        "{0}: people did {1} to {2} events, and the exceptions of {3} say so",
        """
        select destination, verb, coalesce(told.events, 0) as events_told, coalesce(found.events, 0) as events_found
        from (
            select destination, verb, count(*) as events from unasked where verb is not null group by all
        ) as found
        full join (
            select destination, verb, sum(events) as events
            from actions
            where verb in ('resolve as sent', 'resolve as not sent', 'requeue', 'withdraw', 'forget')
            group by all
        ) as told using (destination, verb)
        where events_told < events_found or (events_told > events_found and verb <> 'forget')
        """,
    ),
)

NAMES: Final = (
    Invariant(
        "exception {0} names row {2} of {1} otherwise than the keys of what was enrolled do",
        """
        select exceptions.exception_id, exceptions.file_id, exceptions.row_number
        from exceptions
        anti join keys
            on exceptions.file_id = keys.file_id
            and exceptions.row_number = keys.row_number
            and exceptions.dataset = keys.dataset
            and exceptions.event_name = keys.event_name
            and exceptions.source_key = keys.source_key
            and exceptions.event_id is not distinct from keys.event_id
        """,
    ),
)
