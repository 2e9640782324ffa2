"""How events begin."""
