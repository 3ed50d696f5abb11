"""Meta's Conversions API: transport (``client``) and what its answers mean (``answers``)."""
