{#
    Phone: E.164 digits without the plus, exactly as libphonenumber reads and judges a number. Everything that is looked
    up in the numbering plans of all countries is in two seeds (see docs/phones.md), so this is set-based, not a scalar:

    phones_of(relation)  a relation (a CTE or a table) with the columns `phone` and `country` (ISO 3166-1 alpha-2 in
                         lower case, or null); gives a select with one row per distinct pair of them that is a number:
                         phone, country, ph. What is no number has no row: never a guess, because a wrong number is
                         another person's. Without a country only what is written with a plus can be a number.

    A value that came hashed has a row as well; see unless_hashed.
#}
{% macro phones_of(relation) -%}
    {{ return(adapter.dispatch('phones_of', 'waybill')(relation)) }}
{%- endmacro %}

{% macro default__phones_of(relation) -%}
    with written as (
        select distinct
            phone,
            country
        from {{ relation }}
        where phone is not null
    ),

    texts as (
        select
            phone,
            country,
            {{ waybill.phone_without_ending(waybill.phone_start(waybill.ascii_digits('phone'))) }} as number_text
        from written
    ),

    -- What is no phone number gets no digits, rather than a filter, because engines work out a filter's columns twice.
    dialled as (
        select
            phone,
            country,
            case when starts_with(number_text, '+') then '+' else country end as dialled_in,
            case
                when {{ waybill.is_phone_text('number_text') }} then {{ waybill.phone_digits('number_text') }}
            end as digits
        from texts
    ),

    countable as (
        select
            *,
            length(digits) as size,
            try_cast(digits as bigint) as number
        from dialled
    ),

    -- What is dialled in a country: a national number, or an international prefix with a number behind it.
    plans as (
        select
            dialled_in,
            digits as size,
            cut,
            lead,
            {{ waybill.first_of_range('dialled_range') }} as first_number,
            {{ waybill.last_of_range('dialled_range') }} as last_number
        from (
            select
                dialled_in,
                digits,
                cut,
                lead,
                unnest(string_split(dialled, ' ')) as dialled_range
            from {{ ref('phone_readings') }}
        ) as readings
    ),

    read_at_home as (
        select
            countable.phone,
            countable.country,
            plans.lead,
            substr(countable.digits, plans.cut + 1) as rest
        from countable
        inner join plans
            on
                countable.dialled_in = plans.dialled_in
                and countable.size = plans.size
                and countable.number between plans.first_number and plans.last_number
    ),

    behind_a_prefix as (
        select
            phone,
            country,
            length(rest) as size,
            cast(rest as bigint) as number
        from read_at_home
        where lead = '+'
    ),

    read_abroad as (
        select
            behind_a_prefix.phone,
            behind_a_prefix.country,
            plans.lead,
            substr(cast(behind_a_prefix.number as varchar), plans.cut + 1) as rest
        from behind_a_prefix
        inner join plans
            on
                plans.dialled_in = '+'
                and behind_a_prefix.size = plans.size
                and behind_a_prefix.number between plans.first_number and plans.last_number
    ),

    complete as (
        select
            phone,
            country,
            lead || rest as ph,
            length(lead || rest) as size,
            left(lead || rest, 4) as head,
            try_cast(lead || rest as bigint) as number
        from (
            select * from read_at_home
            where lead <> '+'
            union all
            select * from read_abroad
        ) as every_reading
    ),

    valid_ranges as (
        select
            digits as size,
            {{ waybill.first_of_range('number_range') }} as first_number,
            {{ waybill.last_of_range('number_range') }} as last_number
        from (
            select
                digits,
                unnest(string_split(numbers, ' ')) as number_range
            from {{ ref('phone_numbers') }}
        ) as numbers
    ),

    -- Thousands of ranges have one size; by its first four digits a number meets the few that it can be in.
    valid_numbers as (
        select
            size,
            cast(
                unnest(
                    generate_series(
                        cast(left(cast(first_number as varchar), 4) as integer),
                        cast(left(cast(last_number as varchar), 4) as integer)
                    )
                ) as varchar
            ) as head,
            first_number,
            last_number
        from valid_ranges
    )

    select
        complete.phone,
        complete.country,
        complete.ph
    from complete
    inner join valid_numbers
        on
            complete.size = valid_numbers.size
            and complete.head = valid_numbers.head
            and complete.number between valid_numbers.first_number and valid_numbers.last_number
    union all
    select distinct
        phone,
        country,
        {{ waybill.unless_hashed('phone', 'null') }} as ph
    from {{ relation }}
    where {{ waybill.unless_hashed('phone', 'null') }} is not null
{%- endmacro %}

{# A range of the phone seeds, 20xxxxxxxx or 201-203xxxxxxx, as its first and its last number. #}
{% macro first_of_range(range) -%}
    case
        when contains({{ range }}, '-')
            then cast(
                rpad(
                    split_part({{ range }}, '-', 1), cast(length(split_part({{ range }}, '-', 2)) as integer), '0'
                ) as bigint
            )
        else cast(replace({{ range }}, 'x', '0') as bigint)
    end
{%- endmacro %}

{% macro last_of_range(range) -%}
    cast(replace(split_part({{ range }}, '-', -1), 'x', '9') as bigint)
{%- endmacro %}

{# The text with the decimal digits of every script, and the full-width plus, as ASCII. #}
{% macro ascii_digits(value) -%}
    {#- The code point of the digit zero of every script whose digits are Unicode's decimal digits (Nd). -#}
    {%- set zeros = [
        1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872, 4160, 4240,
        6112, 6160, 6470, 6608, 6784, 6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264, 43472, 43504, 43600, 44016,
        65296, 66720, 68912, 69734, 69872, 69942, 70096, 70384, 70736, 70864, 71248, 71360, 71472, 71904, 72016,
        72784, 73040, 73120, 92768, 92864, 93008, 120782, 120792, 120802, 120812, 120822, 123200, 123632, 125264,
        130032,
    ] -%}
    case
        when strlen({{ value }}) = length({{ value }}) then {{ value }}
        else translate(
            {{ value }},
            '＋{% for zero in zeros %}{% for digit in range(10) %}{{ "%c" | format(zero + digit) }}{% endfor %}{% endfor %}',
            '+{% for zero in zeros %}0123456789{% endfor %}'
        )
    end
{%- endmacro %}

{#
    Where a number begins: at the first digit or plus. It ends before a second number (`x302/x2303`), and before
    everything at its end that is neither a letter nor a digit nor #. A `tel:` address is read like any other text.
#}
{% macro phone_start(value) -%}
    {#- Letters and numerals as libphonenumber has them: with the four fillers, which cannot be seen. -#}
    {%- set told -%}
    {{ waybill.letter_points() | trim }}\x{115f}\x{1160}\x{3164}\x{ffa0}{{ waybill.numeral_points() | trim }}
    {%- endset -%}
    regexp_replace(
        regexp_replace({{ value }}, '^[^0-9+]+|[^#{{ told }}]+$', '', 'g'), '(?s)(?:[\\/] *x|;isub=).*$', ''
    )
{%- endmacro %}

{# The number without its extension, in the ways in which extensions are written; see libphonenumber. #}
{% macro phone_without_ending(value) -%}
    {%- set gap -%}
    [ \x{00a0}\t,]*
    {%- endset -%}
    {%- set after -%}
    [:.．]?[ \x{00a0}\t,-]*
    {%- endset -%}
    {%- set named -%}
    (?:e?xt(?:ensi(?:o\x{0301}?|ó))?n?|ｅ?ｘｔｎ?|доб|anexo)
    {%- endset -%}
    {%- set marked -%}
    (?:[xｘ#＃~～]|int|ｉｎｔ)
    {%- endset -%}
    regexp_replace(
        {{ value }},
        '(?i)(?:;ext=[0-9]{1,20}|'
        || '{{ gap }}{{ named }}{{ after }}[0-9]{1,20}#?|'
        || '{{ gap }}{{ marked }}{{ after }}[0-9]{1,9}#?|'
        || '[- ]+[0-9]{1,6}#|'
        || '[ \x{00a0}\t]*(?:,,|;){{ after }}[0-9]{1,15}#?|'
        || '[ \x{00a0}\t]*,+{{ after }}[0-9]{1,9}#?)$',
        ''
    )
{%- endmacro %}

{# Whether a text, which begins with a digit or a plus, can be a phone number: three digits, then letters as well. #}
{% macro is_phone_text(value) -%}
    {%- set between -%}
    \-x‐-―−ー－-／ \x{00a0}\x{00ad}\x{200b}\x{2060}\x{3000}()（）［］.\[\]/~⁓∼～*
    {%- endset -%}
    (
        length({{ value }}) <= 250
        and regexp_matches({{ value }}, '^[+]*(?:[{{ between }}]*[0-9]){3,}[{{ between }}A-Za-z0-9]*$')
    )
{%- endmacro %}

{# The digits of a number's text. Three letters or more stand for the digits on a telephone's keys. #}
{% macro phone_digits(value) -%}
    regexp_replace(
        case
            when regexp_matches({{ value }}, '(?:[A-Za-z].*){3}')
                then translate(
                    upper({{ value }}), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '22233344455566677778889999'
                )
            else {{ value }}
        end,
        '[^0-9]+', '', 'g'
    )
{%- endmacro %}
