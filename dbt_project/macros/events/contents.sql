{#
    One line of an order as platforms take it: {"id", "quantity", "item_price"}; null, and so left out of a list, when
    product or quantity is missing or cannot be (a line that takes something back). A price below zero is left out.
#}
{% macro content_of_line(lines, exponent) -%}
    case
        when trim({{ lines }}.product_id) <> '' and {{ lines }}.quantity > 0
            then {{ json_object({
                'id': json_text(lines ~ '.product_id'),
                'quantity': json_integer(lines ~ '.quantity'),
                'item_price': json_amount(
                    'case when ' ~ lines ~ '.unit_price >= 0 then ' ~ lines ~ '.unit_price end', exponent
                ),
            }) }}
    end
{%- endmacro %}
