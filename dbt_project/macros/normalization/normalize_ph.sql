{#
    Phone: E.164 digits without the plus. International when it starts with + or 00 (in North America also 011); otherwise
    national, which needs the person's country: its trunk prefix goes, its calling code comes. Extensions and '(0)' go.
    Dropped when the country is unknown, when the length cannot be right, or when it could be read in two ways: never a
    guess, because a wrong number is another person's.

    calling_code, trunk_prefix, shortest, longest  of the person's country (seed countries), or null
#}
{% macro normalize_ph(value, calling_code, trunk_prefix, shortest, longest) -%}
    {{ return(adapter.dispatch('normalize_ph', 'waybill')(value, calling_code, trunk_prefix, shortest, longest)) }}
{%- endmacro %}

{% macro default__normalize_ph(value, calling_code, trunk_prefix, shortest, longest) -%}
    {%- set codes -%}
    select countries.calling_code from {{ ref('countries') }} as countries where countries.calling_code is not null
    {%- endset -%}
    {%- set written -%}
    regexp_replace({{ value }}, '(?i)[\s,;]*(extension|extn?|durchwahl|poste|x|#)[\s.:=]*\d{1,7}\s*$', '')
    {%- endset -%}
    {%- set is_international -%}
    regexp_matches({{ written }}, '^[^0-9+＋]*([+＋]|00)')
    or (regexp_matches({{ written }}, '^[^0-9]*011') and {{ calling_code }} = '1')
    {%- endset -%}
    {%- set digits -%}
    regexp_replace({{ written }}, '[^0-9]', '', 'g')
    {%- endset -%}
    {%- set international_digits -%}
    regexp_replace(
        regexp_replace(regexp_replace({{ written }}, '\(\s*0\s*\)', '', 'g'), '[^0-9]', '', 'g'), '^(00|011)', ''
    )
    {%- endset -%}
    {%- set without_trunk -%}
    substr({{ digits }}, length({{ trunk_prefix }}) + 1)
    {%- endset -%}
    {%- set number -%}
    case
        when {{ is_international }}
            then case
                when
                    {{ trunk_prefix }} = '0'
                    and starts_with({{ international_digits }}, {{ calling_code }} || '0')
                    then {{ calling_code }} || substr({{ international_digits }}, length({{ calling_code }}) + 2)
                when
                    left({{ international_digits }}, 1) in ({{ codes }})
                    or left({{ international_digits }}, 2) in ({{ codes }})
                    or left({{ international_digits }}, 3) in ({{ codes }})
                    then {{ international_digits }}
            end
        when
            starts_with({{ digits }}, {{ trunk_prefix }})
            and length({{ without_trunk }}) between {{ shortest }} and {{ longest }}
            then {{ calling_code }} || {{ without_trunk }}
        when
            starts_with({{ digits }}, {{ calling_code }})
            and length({{ digits }}) - length({{ calling_code }}) between {{ shortest }} and {{ longest }}
            then case when length({{ digits }}) > {{ longest }} then {{ digits }} end
        when
            length({{ digits }}) between {{ shortest }} and {{ longest }}
            then {{ calling_code }} || {{ digits }}
    end
    {%- endset -%}
    {%- set normalized -%}
    case
        when length({{ number }}) between 8 and 15 and replace({{ digits }}, left({{ digits }}, 1), '') <> '' then {{ number }}
    end
    {%- endset -%}
    {{ waybill.unless_hashed(value, normalized) }}
{%- endmacro %}
