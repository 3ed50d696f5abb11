{#
    A text by which builds sort as they were made: by the number at the end of their names. The moment before it does
    not say which is newer where a clock ran ahead.
#}
{% macro build_order(build_id) %}lpad(split_part({{ build_id }}, '-', 2), 12, '0') || {{ build_id }}{% endmacro %}
