"""JSON as Sayr reads, limits and writes it."""

from typing import Any, TypeAlias

# What reading JSON gives: str, int, Decimal, bool, None, and lists and objects of such. Not written
# out: whoever looks into a value has checked its shape by then, where no type can say so.
Json: TypeAlias = Any
