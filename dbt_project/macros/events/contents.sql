{#
    One line of an order as platforms take it: {"id", "quantity", "item_price"}; null, and so left out of a list, when
    product or quantity is missing.
#}
{% macro content_of_line(lines, exponent) -%}
    case
        when {{ lines }}.product_id is not null and {{ lines }}.quantity is not null
            then {{ json_object({
                'id': json_text(lines ~ '.product_id'),
                'quantity': json_integer(lines ~ '.quantity'),
                'item_price': json_amount(lines ~ '.unit_price', exponent),
            }) }}
    end
{%- endmacro %}
