"""The versions of the language, and what each changed in what a program means.

A stored program keeps the version it was compiled as, and with it its meaning, for ever.
"""

from __future__ import annotations

from typing import Final

LANGUAGE_VERSION: Final = 2  # of what is published now
LANGUAGE_VERSIONS: Final = frozenset({1, 2})  # that run

# From this one on a param that is one `{{ … }}` gives a JSON number with decimals as a JSON
# number; before, it became text. The filter `json` writes it likewise.
NUMBERS_STAY_NUMBERS: Final = 2
