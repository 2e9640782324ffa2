"""The documented answers of mail servers."""

from collections.abc import Mapping
from typing import Final

from actions.providers.answers import Documented, table

ANSWERS: Final[Mapping[str, Documented]] = table(())
