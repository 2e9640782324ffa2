"""Executing runs: claim them, carry their steps out, write what became of them."""
