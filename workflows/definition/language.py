"""The versions of the language, and what each changed in what a program means.

A stored program keeps the version it was compiled as, and with it its meaning, for ever.
"""

from typing import Final

LANGUAGE_VERSION: Final = 3  # of what is published now
LANGUAGE_VERSIONS: Final = frozenset({1, 2, 3})  # that run

# From this one on a param that is one `{{ … }}` gives a JSON number with decimals as a JSON
# number; before, it became text. The filter `json` writes it likewise.
NUMBERS_STAY_NUMBERS: Final = 2

# From this one on whoever is asked by an approval and is not named by its definition (the address
# came with an event, for example) has to belong to the company, or be allowed by it. Before,
# anybody could be.
APPROVERS_BELONG: Final = 3

# From this one on a question of an approval says for which choices it has to be answered; where it
# only says that it has to be, `reject` needs no answer. Before, every choice needed it.
QUESTIONS_OF_CHOICES: Final = 3

# From this one on `date` names months and days in the company's language, `minor_units` counts as
# ISO 4217 does and not as locales show amounts, and `phone` refuses extensions and letters.
AS_PEOPLE_WRITE: Final = 3
