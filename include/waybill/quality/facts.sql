-- Rules that look at several rows at once, and all facts of the judged rows in one view. What repeats is rare and small, so
-- that nothing wide is sorted or copied.
create or replace temp table repeated_source_keys as
select row_number
from (select row_number, event_name, source_key from scanned where source_key <> '')
qualify row_number() over (partition by event_name, source_key order by row_number) > 1;

create or replace temp table repeated_event_ids as
select row_number
from (
    select row_number, dataset, event_name, event_id
    from scanned
    where trim(event_id) <> '' and not event_id_taken
)
qualify row_number() over (partition by dataset, event_name, event_id order by row_number) > 1;

create or replace temp table medians as
select
    currency_code,
    count(*) as priced,
    median(amount) as median_value,
from scanned
where amount > 0
group by currency_code;

create or replace temp view facts as
select
    scanned.* exclude (event_id, source_key),
    scanned.event_name = 'Purchase' as is_purchase,
    repeated_source_keys.row_number is not null as source_key_repeated,
    repeated_event_ids.row_number is not null as event_id_repeated,
    enrolled_before.row_number is not null as is_enrolled_before,
    withheld_before.row_number is not null as is_withheld_before,
    scanned.amount <= scanned.largest_value
    and medians.priced >= getvariable('minimum_rows')
    and scanned.amount > getvariable('times_median_value') * medians.median_value as value_far_above_median,
from scanned
left join repeated_source_keys on scanned.row_number = repeated_source_keys.row_number
left join repeated_event_ids on scanned.row_number = repeated_event_ids.row_number
left join enrolled_before on scanned.row_number = enrolled_before.row_number
left join withheld_before on scanned.row_number = withheld_before.row_number
left join medians on scanned.currency_code = medians.currency_code;

create or replace temp view past_expiry as
select position as row_number, shown_event(event_id, position) as event
from delta
where past_expiry;
