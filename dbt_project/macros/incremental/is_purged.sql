{#
    Whether a staging row has lost its personal columns to `waybill purge`, because it had not changed for as long as
    waybill.toml's [retention] says. Its keys, amounts and times are as they landed.
#}
{% macro is_purged(run_id='_run_id') -%}
    coalesce({{ run_id }} like 'purged-%', false)
{%- endmacro %}
