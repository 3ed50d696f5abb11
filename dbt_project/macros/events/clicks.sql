{# What a browser told, made fit to send; each gives null for what cannot be used, so that one bad field costs no event. #}

{#
    A page's address without query string, fragment and user: they may hold e-mails and tokens. Where the path itself
    looks as if it held an address, only the site is left.
#}
{% macro clean_url(value) -%}
    {%- set page -%}
    regexp_replace(regexp_replace(trim({{ value }}), '[?#].*$', '', 's'), '^(https?://)[^/]*@', '\1', 'i')
    {%- endset -%}
    case
        when not regexp_matches({{ page }}, '^https?://[^/\s]+', 'i') then null
        when regexp_matches({{ page }}, '@|%40', 'i') then regexp_extract({{ page }}, '^https?://[^/\s@%]+', 0, 'i') || '/'
        else {{ page }}
    end
{%- endmacro %}

{#
    The click id as Meta wants it: what the Pixel's cookie held, else made from the fbclid of the landing page and the
    moment of the click (subdomain index 1, as the platform asks of servers). The fbclid is never changed.
#}
{% macro clean_fbc(fbc, fbclid, clicked_at) -%}
    case
        when regexp_matches({{ fbc }}, '^fb\.[0-2]\.[0-9]{10,13}\.[A-Za-z0-9._-]+$') then {{ fbc }}
        when regexp_matches({{ fbclid }}, '^[A-Za-z0-9._-]+$')
            then 'fb.1.' || cast({{ epoch_milliseconds(clicked_at) }} as varchar) || '.' || {{ fbclid }}
    end
{%- endmacro %}

{# The browser id: only the Pixel's own cookie is relayed, never made. #}
{% macro clean_fbp(value) -%}
    case when regexp_matches({{ value }}, '^fb\.[0-2]\.[0-9]{10,13}\.[0-9]+(\.[A-Za-z0-9_-]{8})?$') then {{ value }} end
{%- endmacro %}

{# The browser's address, IPv4 or IPv6; dropped when it is none, or one that no browser on the internet has. #}
{% macro clean_ip_address(value) -%}
    {%- set address = 'lower(trim(' ~ value ~ '))' -%}
    case
        when regexp_matches({{ address }}, '^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01]))\.') then null
        when regexp_matches({{ address }}, '^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.|$)){4}$') then {{ address }}
        when regexp_matches({{ address }}, '^(::1$|fe[89ab][0-9a-f]:|f[cd][0-9a-f]{2}:)') then null
        when regexp_matches({{ address }}, '^([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}$') then {{ address }}
    end
{%- endmacro %}
