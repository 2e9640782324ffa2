"""What a newer language changes, as operations staff say it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from workflows.definition.changes.numbers import KeptNumber
from workflows.wording.changes import Group, Told
from workflows.wording.places import place

Json = Any

MOST_SHOWN: Final = 20


def language_changes(kept: Sequence[KeptNumber], document: Json) -> list[Group]:
    """Return what publishing changes by the language alone; [] if that is nothing."""
    if not kept:
        return []
    lines = tuple(_lines(kept, document))
    return [Group(_("Numbers now stay numbers"), "changed", is_step=False, lines=lines)]


def _lines(kept: Sequence[KeptNumber], document: Json) -> Iterator[Told]:
    yield Told(
        _(
            "A number with decimals, such as 149.9, went out as text (“149.9”). From the next "
            "version on it goes out as the number that it is. Text stays text."
        )
    )
    for one in kept[:MOST_SHOWN]:
        told = {"place": place(one.place, document), "value": one.template}
        yield Told(_("%(place)s: %(value)s") % told)
    if len(kept) > MOST_SHOWN:
        yield Told(_("And %(count)s more places.") % {"count": len(kept) - MOST_SHOWN})
