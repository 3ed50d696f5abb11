"""How long things are kept, and how people are taken out of them."""
