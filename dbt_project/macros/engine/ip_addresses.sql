{#
    Addresses of the internet. DuckDB's own type for them is an extension, so its twin here is written with text and
    lists: each step gives a name to what the step before found, as the argument of a lambda.
#}

{#
    The browser's address: the first public one of what was told, which may be a list as proxies write it
    ("client, proxy, proxy") and carry ports and brackets. IPv4 as four plain decimals; IPv6 as RFC 5952 writes it,
    and an IPv4 address inside IPv6 (::ffff:…) as IPv4. Null when no address is left that a browser on the internet can
    have: malformed ones, those with a zone, and all blocks of IANA's special-purpose registries are passed over.
#}
{% macro clean_ip_address(value) -%}
    {{ return(adapter.dispatch('clean_ip_address', 'waybill')(value)) }}
{%- endmacro %}

{% macro default__clean_ip_address(value) -%}
    list_filter(
        list_transform(
            list_transform(
                string_split(lower({{ value }}), ','),
                lambda told: {{ waybill.ip_host('told') }}
            ),
            lambda host: case
                when contains(host, ':')
                    then list_transform(
                        [{{ waybill.ipv6_groups('host') }}], lambda groups: {{ waybill.public_of_ipv6_groups('groups') }}
                    )[1]
                else {{ waybill.public_ipv4('host') }}
            end
        ),
        lambda address: address is not null
    )[1]
{%- endmacro %}

{# The address without spaces around it, its port and its brackets. #}
{% macro ip_host(told) -%}
    regexp_replace(
        regexp_replace({{ told }}, '^\s+|\s+$', '', 'g'),
        '^(\[([0-9a-f:.]+)\]|([0-9.]+))(:[0-9]{1,5})?$', '\2\3'
    )
{%- endmacro %}

{# Four plain decimals; a leading zero is malformed, because some read it as octal. #}
{% macro is_dotted_quad(text) -%}
    (
        regexp_matches({{ text }}, '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.|$)){4}$')
        and {{ text }} not like '%.'
    )
{%- endmacro %}

{# An IPv4 address when it is one, and none of those that are reserved. #}
{% macro public_ipv4(host) -%}
    case
        when not {{ waybill.is_dotted_quad(host) }} then null
        when regexp_matches(
            {{ host }},
            '^(0|10|127|22[4-9]|23[0-9]|24[0-9]|25[0-5]|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])|169\.254'
            || '|172\.(1[6-9]|2[0-9]|3[01])|192\.168|192\.0\.[02]|198\.1[89]|198\.51\.100|203\.0\.113)\.'
        ) then null
        else {{ host }}
    end
{%- endmacro %}

{# The eight groups of an IPv6 address as :a:b:c:d:e:f:g:h:, without leading zeros; what is malformed does not come out so. #}
{% macro ipv6_groups(host) -%}
    {%- set as_groups %}
    list_transform(
        [string_split({{ host }}, '.')],
        lambda quad: case
            when len(quad) = 1 then {{ host }}
            when len(quad) = 4 and {{ waybill.is_dotted_quad("regexp_extract(" ~ host ~ ", '[^:]*$')") }}
                then regexp_extract({{ host }}, '^.*:') || printf(
                    '%x:%x',
                    cast(regexp_extract(quad[1], '[0-9]+$') as integer) * 256 + cast(quad[2] as integer),
                    cast(quad[3] as integer) * 256 + cast(quad[4] as integer)
                )
        end
    )
    {%- endset %}
    {%- set written_out %}
    list_transform(
        {{ as_groups }},
        lambda text: case
            when regexp_matches(text, ':::|::.*::|^:[^:]|[^:]:$|[^:]{5}') then null
            when contains(text, '::')
                then trim(replace(text, '::', repeat(':0', greatest(8 - len(list_filter(
                    string_split(text, ':'), lambda part: part <> ''
                )), 1)) || ':'), ':')
            else text
        end
    )
    {%- endset -%}
    regexp_replace(':' || ({{ written_out }})[1] || ':', ':0{1,3}([0-9a-f])', ':\1', 'g')
{%- endmacro %}

{#
    The public address that eight groups stand for. Only 2000::/3 is given to anybody; inside it 2001::/23 is for
    protocols, 2001:db8::/32 and 3fff::/20 for documentation, 2002::/16 for 6to4.
#}
{% macro public_of_ipv6_groups(groups) -%}
    case
        when not regexp_matches({{ groups }}, '^:([0-9a-f]{1,4}:){8}$') then null
        when starts_with({{ groups }}, ':0:0:0:0:0:ffff:')
            then list_transform(
                [list_transform(
                    list_slice(string_split({{ groups }}, ':'), 8, 9), lambda part: cast('0x' || part as integer)
                )],
                lambda halves: list_transform(
                    [
                        (halves[1] // 256) || '.' || (halves[1] % 256) || '.'
                        || (halves[2] // 256) || '.' || (halves[2] % 256),
                    ],
                    lambda quad: {{ waybill.public_ipv4('quad') }}
                )[1]
            )[1]
        when not regexp_matches({{ groups }}, '^:[23][0-9a-f]{3}:')
        or regexp_matches({{ groups }}, '^:(2001:([0-9a-f]{1,2}|1[0-9a-f]{2}|db8)|2002|3fff:[0-9a-f]{1,3}):') then null
        {%- for zeros in range(7, 1, -1) %}
            when contains({{ groups }}, '{{ ':0' * zeros }}:')
                then regexp_replace(
                    regexp_replace({{ groups }}, '{{ ':0' * zeros }}:', '::'), '^:|([^:]):$', '\1', 'g'
                )
        {%- endfor %}
        else trim({{ groups }}, ':')
    end
{%- endmacro %}
