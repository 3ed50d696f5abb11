{#
    The name of a candidate: <source>/<entity>/<key>, and /<part> for a part of it. '%' and '/' inside key and part are
    percent-encoded, so that different rows never share a name. All four are SQL expressions; a part of '' is none.
#}
{% macro source_key(source, entity, key, part) -%}
    {{ source }} || '/' || {{ entity }} || '/' || {{ waybill.percent_encoded(key) }}
    || case when {{ part }} <> '' then '/' || {{ waybill.percent_encoded(part) }} else '' end
{%- endmacro %}

{% macro percent_encoded(value) -%}
    replace(replace({{ value }}, '%', '%25'), '/', '%2F')
{%- endmacro %}
