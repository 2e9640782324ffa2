"""The caps on templates. Every trip is an error that names the limit."""

from typing import Final

TEMPLATE_CHARACTERS: Final = 65_536
EXPRESSION_CHARACTERS: Final = 2_000  # between {{ and }}; the parser takes its square in time
OUTPUT_BYTES: Final = 262_144
TEXT_CHARACTERS: Final = 262_144  # the result of one filter
LIST_ELEMENTS: Final = 10_000  # in a list that a filter takes or gives
LOOP_ROUNDS: Final = 10_000  # nested loops multiply
LOCALS_BYTES: Final = 1_048_576  # what assign and capture keep
BLOCK_DEPTH: Final = 20
FORMAT_CHARACTERS: Final = 200  # of a date
