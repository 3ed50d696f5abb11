{# What a browser told, made fit to send; each gives null for what cannot be used, so that one bad field costs no event. #}

{# What Meta's own parameter builder may append to a value: a dot and eight characters, or two in older versions. #}
{% macro parameter_builder_suffix() -%}
(\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?
{%- endmacro %}

{#
    The click id as Meta wants it: what the Pixel's cookie held, else made from the fbclid (of its own column, or of the
    address of the page) and the moment of the click, with the subdomain index 1 that the platform asks of servers.
    Cookie and fbclid are never changed, and a moment that is not told in 13 digits of milliseconds is none.
#}
{% macro clean_fbc(fbc, fbclid, clicked_at, page_url='null') -%}
    {%- set milliseconds = 'cast(' ~ waybill.epoch_milliseconds(clicked_at) ~ ' as varchar)' -%}
    {%- set of_the_page = waybill.fbclid_of_url(page_url) -%}
    case
        when regexp_matches(
            {{ fbc }}, '^fb\.[0-2]\.[1-9][0-9]{12}\.[A-Za-z0-9_-]+{{ waybill.parameter_builder_suffix() | trim }}$'
        ) then {{ fbc }}
        when not regexp_matches({{ milliseconds }}, '^[1-9][0-9]{12}$') then null
        when regexp_matches({{ fbclid }}, '^[A-Za-z0-9_-]+$') then 'fb.1.' || {{ milliseconds }} || '.' || {{ fbclid }}
        when {{ of_the_page }} <> '' then 'fb.1.' || {{ milliseconds }} || '.' || {{ of_the_page }}
    end
{%- endmacro %}

{# The fbclid in the query string of an address; '' when there is none, or one that no click id looks like. #}
{% macro fbclid_of_url(value) -%}
    regexp_extract({{ value }}, '^[^?#]*\?([^#]*?&)?fbclid=([A-Za-z0-9_-]+)([&#]|$)', 2)
{%- endmacro %}

{#
    The click id, when the click can have led to what happened at a moment: not more than 90 days before it, which is
    how long the Pixel's cookie lives, and not after it, give or take the minute by which clocks differ.
#}
{% macro fbc_in_time(fbc, occurred_at) -%}
    {%- set clicked_at -%}
    cast(nullif(regexp_extract({{ fbc }}, '^fb\.[0-2]\.([1-9][0-9]{12})\.', 1), '') as bigint)
    {%- endset -%}
    {%- set happened_at = waybill.epoch_milliseconds(occurred_at) -%}
    {%- set ninety_days = 90 * 24 * 3600 * 1000 -%}
    case
        when {{ clicked_at }} between {{ happened_at }} - {{ ninety_days }} and {{ happened_at }} + 60000 then {{ fbc }}
    end
{%- endmacro %}

{# The browser id: only the Pixel's own cookie is relayed, never made. #}
{% macro clean_fbp(value) -%}
    case
        when regexp_matches(
            {{ value }}, '^fb\.[0-2]\.[1-9][0-9]{12}\.[0-9]{1,20}{{ waybill.parameter_builder_suffix() | trim }}$'
        ) then {{ value }}
    end
{%- endmacro %}

{# Meta's id of a lead of its own forms, 15 to 17 digits; its exports write `l:` before them. #}
{% macro clean_lead_id(value) -%}
    nullif(regexp_extract({{ waybill.trimmed(value) }}, '^(l:)?([1-9][0-9]{14,16})$', 2), '')
{%- endmacro %}

{#
    The browser's own name for itself, without control characters and what surrounds it; dropped when it says nothing,
    or is longer than any browser's (1,024 characters). It is never cut and never made up.
#}
{% macro clean_user_agent(value) -%}
    {%- set agent = waybill.trimmed("regexp_replace(" ~ value ~ ", '[[:cntrl:]]', '', 'g')") -%}
    case
        when length({{ agent }}) > 1024 then null
        when regexp_matches({{ agent }}, '^[\W_]*(null|none|nil|undefined|unknown|n/?a|nan|empty|user-?agent)?[\W_]*$', 'i')
            then null
        else {{ agent }}
    end
{%- endmacro %}
