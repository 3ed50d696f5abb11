{#
    A page's address without anything that could tell about the person: no query string, fragment, user or path
    parameter, and the path only up to its first segment that looks like contact data or a secret. Scheme and host in
    lower case; null for what is no address of a web page.
#}
{% macro clean_url(value) -%}
    {{ return(adapter.dispatch('clean_url', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__clean_url(value) -%}
    {%- set told = waybill.trimmed("regexp_replace(" ~ value ~ ", '[[:cntrl:]]', '', 'g')") -%}
    {%- set page = "regexp_extract(" ~ told ~ ", '^https?://[^?#;]*', 0, 'i')" -%}
    {#- A browser reads a backslash as a slash, and what stands before the last @ of the host as a user. -#}
    {%- set authority = "regexp_extract(regexp_extract(" ~ page ~ ", '^https?://([^/\\\\]*)', 1, 'i'), '[^@]*$')" -%}
    {%- set segments = "string_split(regexp_extract(" ~ page ~ ", '^https?://[^/\\\\]*[/\\\\](.*)$', 1, 'i'), '/')" -%}
    {%- set telling = "list_transform(" ~ segments ~ ", lambda segment: " ~ waybill.is_telling_segment('segment') ~ ")" -%}
    {%- set first_telling = "list_position(" ~ telling ~ ", true)" -%}
    case
        when regexp_matches({{ authority }}, '^([^]\s:%<>"[]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$')
            then
                lower(regexp_extract({{ page }}, '^https?://', 0, 'i') || {{ authority }})
                || case
                    when regexp_matches({{ page }}, '^https?://[^/\\]*$', 'i') then ''
                    when coalesce({{ first_telling }}, 0) = 0 then '/' || array_to_string({{ segments }}, '/')
                    else '/' || array_to_string(
                        list_transform(
                            list_slice({{ segments }}, 1, {{ first_telling }} - 1), lambda segment: segment || '/'
                        ),
                        ''
                    )
                end
    end
{%- endmacro %}

{#
    Whether a segment of a path could be an e-mail address (an @ in any disguise), a piece of a query string, a phone
    number or another long number, a secret (a UUID, a token, 16 letters and digits in a row with two digits among
    them), or is longer than names of pages are.
#}
{% macro is_telling_segment(segment) -%}
    (
        length({{ segment }}) > 128
        or regexp_matches({{ segment }}, '[@＠﹫=&\\]|%(25)*(40|3[df]|26|5c)|%(25)*EF%(25)*(BC%(25)*A0|B9%(25)*AB)', 'i')
        or (
            regexp_matches({{ segment }}, '^(tel:)?([-+ ().]|%20|%2B|%28|%29)*([0-9]([-+ ().]|%20|%2B|%28|%29)*){7,}$', 'i')
        )
        or regexp_matches({{ segment }}, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(^|[^a-z0-9])eyj[a-z0-9_-]{10}', 'i')
        or (
            regexp_matches({{ segment }}, '[A-Za-z0-9]{16}')
            and regexp_matches(regexp_extract({{ segment }}, '[A-Za-z0-9]{16,}'), '[0-9].*[0-9]')
        )
    )
{%- endmacro %}
