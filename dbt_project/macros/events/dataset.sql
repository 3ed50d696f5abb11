{#
    Which dataset an event goes to, by the seed datasets: the rule for brand and country, else for the brand, else for
    the country, else the rule for all. The name is one of `[destinations.<name>.datasets]` in waybill.toml.
#}
{% macro dataset_of(brand, country_code) -%}
    coalesce(
        {%- for brand_rule, country_rule in [
            ('= ' ~ brand, '= ' ~ country_code),
            ('= ' ~ brand, 'is null'),
            ('is null', '= ' ~ country_code),
            ('is null', 'is null'),
        ] %}
        (
            select rules.dataset
            from {{ ref('datasets') }} as rules
            where rules.brand {{ brand_rule }} and rules.country_code {{ country_rule }}
        ),
        {%- endfor %}
        'main'
    )
{%- endmacro %}
