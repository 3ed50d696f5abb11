{#
    What becomes of single values: `waybill normalize` and the report on contact data say the same of them by this.

    examined(relation)  a relation with the columns `field` (em, ph, fn …), `written`, `country_code`, `date_order` and
                        `as_of`; gives its rows with `normalized` (null where the value is dropped), `others` (what is
                        sent beside it where platforms take lists, or null) and `finding`: why it is dropped, or what is
                        worth knowing of one that is kept; null where there is nothing to say.
#}
{% macro examined(relation) -%}
    with phones_written as (
        select
            written as phone,
            country_code as country
        from {{ relation }}
        where field = 'ph'
    ),

    phones as (
        {{ waybill.phones_of('phones_written') }}
    ),

    with_addresses as (
        select
            *,
            case when field = 'em' then {{ waybill.other_addresses('written') }} end as addresses
        from {{ relation }}
    ),

    normalized as (
        select
            inputs.*,
            case inputs.field
                when 'em' then coalesce({{ waybill.normalize_em('inputs.written') }}, inputs.addresses[1])
                when 'fn' then {{ waybill.normalize_fn('inputs.written') }}
                when 'ln' then {{ waybill.normalize_ln('inputs.written') }}
                when 'ge' then {{ waybill.normalize_ge('inputs.written') }}
                when 'db'
                    then {{ waybill.normalize_db('inputs.written', as_of='inputs.as_of', date_order='inputs.date_order') }}
                when 'ct' then {{ waybill.normalize_ct('inputs.written') }}
                when 'st' then {{ waybill.normalize_st('inputs.written', country='inputs.country_code') }}
                when 'zp' then {{ waybill.normalize_zp('inputs.written', country='inputs.country_code') }}
                when 'country' then {{ waybill.normalize_country('inputs.written') }}
                when 'external_id' then {{ waybill.normalize_external_id('inputs.written') }}
                when 'ph' then phones.ph
            end as normalized
        from with_addresses as inputs
        left join phones
            on
                inputs.field = 'ph'
                and inputs.written = phones.phone
                and inputs.country_code is not distinct from phones.country
    )

    select
        * exclude (addresses),
        case
            when field = 'ct' then {{ waybill.other_spelling('normalized') }}
            else nullif(list_filter(list_distinct(addresses), lambda address: address <> normalized), [])
        end as others,
        case
            when len(addresses) > 0 then 'several_addresses'
            when normalized is not null and {{ waybill.is_sha256('normalized') }} then 'already_hashed'
            when normalized is not null and field = 'db' and {{ waybill.is_ambiguous_date('written') }}
                then case when date_order is null then 'ambiguous_date' end
            when normalized is not null then null
            when coalesce({{ waybill.trimmed('written') }}, '') = '' then 'empty'
            when {{ waybill.is_other_digest('written') }} then 'not_sha256'
            when {{ waybill.is_sha256(waybill.trimmed('written')) }} then 'hash_of_nothing'
            when {{ waybill.is_placeholder('written') }} then 'placeholder'
            when field = 'em' then 'not_an_email'
            when field = 'ph' and country_code is null then 'not_a_phone_number_without_country'
            when field = 'ph' then 'not_a_phone_number'
            when field = 'db' then 'not_a_birth_date'
            when field = 'ge' then 'not_f_or_m'
            when field = 'ct' then 'no_letter'
            when field = 'country' then 'unknown_country'
            else 'nothing_left'
        end as finding
    from normalized
{%- endmacro %}

{# Whether day and month of a date can be told apart by nothing but their order: 3/4/1990, not 13/4/1990 or 4/4/1990. #}
{% macro is_ambiguous_date(value) -%}
    {%- set day_and_month = "regexp_extract(" ~ waybill.ascii_digits(waybill.trimmed(value))
        ~ ", '^0?([1-9]|1[0-2])[./‐‑–−-]0?([1-9]|1[0-2])[./‐‑–−-][0-9]{4}', ['one', 'other'])" -%}
    (
        {{ day_and_month }}.one <> ''
        and {{ day_and_month }}.one <> {{ day_and_month }}.other
    )
{%- endmacro %}
