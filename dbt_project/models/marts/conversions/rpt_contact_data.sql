{{ config(materialized='view') }}

-- A view, because it reads every landed version again: run it when you want to know (`waybill doctor` does). It reads
-- clear values and gives counts only.

{%- set identifiers = {
    'em': 'email', 'ph': 'phone', 'fn': 'first_name', 'ln': 'last_name', 'ge': 'gender', 'db': 'birth_date', 'ct': 'city',
    'st': 'state', 'zp': 'postal_code', 'country': 'country_taken', 'external_id': 'external_id',
} %}

with customers as (
    select
        'customer' as subject_type,
        customer_id as subject_id,
        external_id,
        email,
        phone,
        first_name,
        last_name,
        gender,
        birth_date,
        city,
        state,
        postal_code,
        country,
        updated_at,
        _extracted_at
    from {{ ref('stg_shop__customers') }}
    where not {{ is_purged() }}
),

-- No birth date, gender or external_id is asked of a lead, so none is missed.
leads as (
    select
        'lead' as subject_type,
        lead_id as subject_id,
        cast(null as varchar) as external_id,
        email,
        phone,
        first_name,
        last_name,
        cast(null as varchar) as gender,
        cast(null as varchar) as birth_date,
        city,
        state,
        postal_code,
        country,
        updated_at,
        _extracted_at
    from {{ ref('stg_shop__leads') }}
    where not {{ is_purged() }}
),

every_version as (
    select * from customers
    union all
    select * from leads
),

newest_versions as (
    select *
    from every_version
    qualify row_number() over (
        partition by subject_type, subject_id
        order by updated_at desc, _extracted_at asc
    ) = 1
),

shop_habits as (
    select
        date_order,
        default_country
    from {{ ref('stg_waybill__sources') }}
    where source_name = 'shop'
),

-- Only who named no country at all is taken to be of the source's own; a country that nobody knows is not.
with_country as (
    select
        newest_versions.*,
        case
            when newest_versions.country is null or {{ is_placeholder('newest_versions.country') }}
                then coalesce(shop_habits.default_country, newest_versions.country)
            else newest_versions.country
        end as country_taken,
        shop_habits.date_order
    from newest_versions
    cross join shop_habits
),

with_country_code as (
    select
        *,
        {{ normalize_country('country_taken') }} as country_code
    from with_country
),

written_values as (
    {% for identifier, column in identifiers.items() -%}
        select
            subject_type,
            '{{ identifier }}' as field,
            {{ column }} as written,
            country_code,
            date_order,
            _extracted_at as as_of
        from with_country_code
        {%- if identifier in ('ge', 'db', 'external_id') %}
            where subject_type = 'customer'
        {%- endif %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

examined_values as (
    {{ examined('written_values') }}
),

fields_with_hashes as (
    select distinct field
    from examined_values
    where finding = 'already_hashed'
),

-- The hash of the hash of a value that is here in clear, or hashed once: such a value matches nobody.
hashed_again as (
    select distinct
        examined_values.field,
        {{ sha256_hex(hash_identifier('examined_values.normalized')) }} as digest
    from examined_values
    inner join fields_with_hashes
        on examined_values.field = fields_with_hashes.field
    where examined_values.normalized is not null
),

findings as (
    select
        examined_values.subject_type,
        examined_values.field as identifier,
        case
            when hashed_again.digest is not null then 'hashed_twice'
            else coalesce(examined_values.finding, 'in_clear')
        end as finding,
        examined_values.normalized is not null as is_sent
    from examined_values
    left join hashed_again
        on
            examined_values.finding = 'already_hashed'
            and examined_values.field = hashed_again.field
            and left(examined_values.normalized, 64) = hashed_again.digest
)

select
    subject_type,
    identifier,
    finding,
    is_sent,
    count(*) as subjects
from findings
group by subject_type, identifier, finding, is_sent
