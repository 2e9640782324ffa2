"""Names that people give: one line, which a mail's header, a log and a page can carry.

Pure. What somebody called a thing goes into subjects of mails, lines of logs and sentences: a line
break would begin another header or another entry, a sign that turns the direction would make the
rest read as something else.
"""

import re
from enum import StrEnum
from typing import Final

MAX_CHARACTERS: Final = 200
MAX_EVENT_TYPE: Final = 100  # of the name of a kind of event

# Control characters, separators of lines, signs that turn the direction of what follows, what
# Unicode calls no characters. The marks of direction stay, and the joiners: Arabic and Persian
# names are written with them.
_UNFIT: Final = (
    "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufdd0-\ufdef"
    "\ufffe\uffff\ud800-\udfff"
)
_UNFIT_CHARACTER: Final = re.compile(f"[{_UNFIT}]")
_UNFIT_CHARACTERS: Final = re.compile(rf"[\s{_UNFIT}]+")


class NameFault(StrEnum):
    """Why a name is refused: stable codes."""

    CHARACTERS = "name_has_control_characters"
    TOO_LONG = "name_too_long"


def name_fault(name: str, max_characters: int = MAX_CHARACTERS) -> NameFault | None:
    """Return what is wrong with a name, or None. Whether it may be empty is not asked here."""
    if len(name) > max_characters:
        return NameFault.TOO_LONG
    return NameFault.CHARACTERS if _UNFIT_CHARACTER.search(name) else None


class BadName(ValueError):
    """Code gave a name that nothing may have."""

    def __init__(self, fault: NameFault, name: str, max_characters: int) -> None:
        shown = one_line(name, 60)
        super().__init__(f"{fault}: {shown!r}, of at most {max_characters} characters")
        self.fault = fault


def refuse_unfit(name: str, max_characters: int = MAX_CHARACTERS) -> None:
    """Raise BadName for one that is not a name."""
    if fault := name_fault(name, max_characters):
        raise BadName(fault, name, max_characters)


def one_line(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """Return any text as one line that a header can carry: of names that are stored already."""
    line = _UNFIT_CHARACTERS.sub(" ", text).strip()
    return line if len(line) <= max_characters else f"{line[: max_characters - 1]}…"
