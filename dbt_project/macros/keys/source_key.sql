{#
    The name of a candidate: <source>/<entity>/<key>, and /<part> for a part of it. '%' and '/' inside key and part are
    percent-encoded, so that different rows never share a name.
#}
{% macro source_key(source, entity, key, part=none) -%}
    '{{ source }}/{{ entity }}/' || {{ waybill.percent_encoded(key) }}
    {%- if part is not none %} || '/' || {{ waybill.percent_encoded(part) }}{% endif %}
{%- endmacro %}

{% macro percent_encoded(value) -%}
    replace(replace({{ value }}, '%', '%25'), '/', '%2F')
{%- endmacro %}
