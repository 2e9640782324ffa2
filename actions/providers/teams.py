"""The documented answers of Teams and Power Automate."""

from collections.abc import Mapping
from typing import Final

from actions.providers.answers import Documented, table

ANSWERS: Final[Mapping[str, Documented]] = table(())
