{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['subject_type', 'subject_id'],
) }}

-- The one model that crosses the contact-data line: clear values come in from staging, hashes go out.

with unseen_customers as (
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
        {{ is_purged() }} as is_purged,
        updated_at,
        _extracted_at
    from {{ ref('stg_shop__customers') }}
    where {{ is_unseen('shop', 'customers') }}
),

-- A lead's own id is none that a browser could have told the platform, so a lead has no external_id.
unseen_leads as (
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
        {{ is_purged() }} as is_purged,
        updated_at,
        _extracted_at
    from {{ ref('stg_shop__leads') }}
    where {{ is_unseen('shop', 'leads') }}
),

unseen_versions as (
    select * from unseen_customers
    union all
    select * from unseen_leads
),

newest_versions as (
    {{ newest_versions('unseen_versions', key=['subject_type', 'subject_id']) }}
),

-- Whose contact data has left landing keeps the hashes that are known.
{{ carried_over_ctes(key=['subject_type', 'subject_id'], columns=[
    'em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id', 'country_code', 'privacy_region',
    'ldu_state', 'updated_at', 'first_committed_at', 'first_landed_at', 'landed_at',
]) }},

shop_habits as (
    select
        date_order,
        default_country
    from {{ ref('stg_waybill__sources') }}
    where source_name = 'shop'
),

-- Only who named no country at all is taken to be of the source's own; a country that nobody knows is not.
with_country_code as (
    select
        to_compute.*,
        case
            when to_compute.country is null or {{ is_placeholder('to_compute.country') }}
                then shop_habits.default_country
            else {{ normalize_country('to_compute.country') }}
        end as country_code,
        shop_habits.date_order
    from to_compute
    cross join shop_habits
),

phones_written as (
    select
        phone,
        country_code as country
    from with_country_code
),

phones as (
    {{ phones_of('phones_written') }}
),

normalized as (
    select
        versions.subject_type,
        versions.subject_id,
        {{ normalize_em('versions.email') }} as em,
        {{ other_addresses('versions.email') }} as other_em,
        phones.ph,
        {{ normalize_fn('versions.first_name') }} as fn,
        {{ normalize_ln('versions.last_name') }} as ln,
        {{ normalize_ge('versions.gender') }} as ge,
        {{ normalize_db(
            'versions.birth_date',
            as_of='versions._extracted_at',
            date_order='versions.date_order',
        ) }} as db,
        {{ normalize_ct('versions.city') }} as ct,
        {{ normalize_st('versions.state', country='versions.country_code') }} as st,
        {{ normalize_zp('versions.postal_code', country='versions.country_code') }} as zp,
        versions.country_code as country,
        versions.country_code,
        {{ normalize_external_id('versions.external_id') }} as external_id,
        coalesce(home_country.privacy_region, 'unknown') as country_region,
        versions.updated_at,
        versions.first_committed_at,
        versions.first_landed_at,
        versions._extracted_at as landed_at
    from with_country_code as versions
    left join {{ ref('countries') }} as home_country
        on versions.country_code = home_country.country_code
    left join phones
        on
            versions.phone = phones.phone
            and versions.country_code is not distinct from phones.country
),

-- In the United States privacy law is the states' own, and what a platform can do about an opt-out differs by state.
with_privacy_region as (
    select
        normalized.*,
        {{ other_spelling('normalized.ct') }} as other_ct,
        ldu_states.ldu_state,
        case
            when normalized.country_region <> 'us' then normalized.country_region
            when ldu_states.ldu_state is not null then 'us_ldu_state'
            when normalized.st in (select us_states.state_code from {{ ref('us_states') }} as us_states)
                then 'us_other_state'
            else 'us_unknown_state'
        end as privacy_region
    from normalized
    left join {{ ref('ldu_states') }} as ldu_states
        on
            normalized.country_region = 'us'
            and normalized.st = ldu_states.state_code
),

hashed as (
    select
        subject_type,
        subject_id,
        {{ list_of_hashes('em', 'other_em') }} as em,
        {{ hash_identifier('ph') }} as ph,
        {{ hash_identifier('fn') }} as fn,
        {{ hash_identifier('ln') }} as ln,
        {{ hash_identifier('ge') }} as ge,
        {{ hash_identifier('db') }} as db,
        {{ list_of_hashes('ct', 'other_ct') }} as ct,
        {{ hash_identifier('st') }} as st,
        {{ hash_identifier('zp') }} as zp,
        {{ hash_identifier('country') }} as country,
        {{ hash_identifier('external_id') }} as external_id,
        country_code,
        privacy_region,
        ldu_state,
        updated_at,
        first_committed_at,
        first_landed_at,
        landed_at,
        {{ this_build_seq() }} as build_seq
    from with_privacy_region
)

select * from hashed
{{ and_carried_over() }}
