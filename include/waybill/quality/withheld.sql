-- Rows of the file that an earlier build withheld because somebody had refused (denied, withdrew, let it grow stale, was
-- never asked properly): a few change their minds, a model lets all of them through. Who was never asked at all
-- (`ours:consent_unknown`) is not among them, because what a person decided may land after the order.
-- The newest verdict against sending counts, so that builds behind a closed file do not make it history.
create or replace temp table refused as
with verdicts as (
    select
        hash(event_kind, source_key) as key_number,
        build_seq,
        verdict = 'sendable' and not removed as is_sendable,
        verdict = 'withheld' and not removed and expires_at > getvariable('frozen_at')
        and coalesce(list_bool_or([
            starts_with(reason, 'ours:consent') and reason <> 'ours:consent_unknown' for reason in reasons
        ]), false) as is_refused,
    from read_parquet($paths, union_by_name = true)
),

ever_refused as (
    select distinct key_number from verdicts where is_refused
)

select
    key_number,
    arg_max(is_refused, build_seq) as is_refused_still,
    coalesce(arg_max(is_refused, build_seq) filter (not is_sendable), false) as is_refused,
from verdicts
semi join ever_refused using (key_number)
group by key_number;
