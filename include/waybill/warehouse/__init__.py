"""Building: dbt runs, what they publish, and the delta files they freeze. Only this part opens the warehouse file."""
