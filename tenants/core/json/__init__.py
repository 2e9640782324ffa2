"""JSON as Sayr reads, limits and writes it."""
