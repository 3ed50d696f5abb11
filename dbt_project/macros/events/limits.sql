{#
    What a person's decisions put into Meta's payload, as members for json_object; absent where they limit nothing.
    opt_out: for attribution only. data_processing_options: Limited Data Use, with the person's country and state (Meta's
    pages on server event parameters and on data processing options).
#}
{% macro meta_limits() -%}
    {{ return({
        'opt_out': "case when is_opt_out then 'true' end",
        'data_processing_options': "case when consent_treatment = 'limited_data_use' then '[\"LDU\"]' end",
        'data_processing_options_country': json_integer('ldu_country'),
        'data_processing_options_state': json_integer('ldu_state'),
    }) }}
{%- endmacro %}
