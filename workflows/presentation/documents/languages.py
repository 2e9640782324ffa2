"""What a newer language changes, as operations staff say it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.core.json import Json
from workflows.definition.changes.numbers import ChangedPlace
from workflows.presentation.changes.sentences import ChangedPart, ChangeInWords
from workflows.presentation.documents.places import place

MAX_SHOWN: Final = 20

_CHANGES: Final = {
    "numbers": (
        gettext_lazy("Numbers now stay numbers"),
        gettext_lazy(
            "A number with decimals, such as 149.9, went out as text (“149.9”). From the next "
            "version on it goes out as the number that it is. Text stays text."
        ),
    ),
    "names": (
        gettext_lazy("Months and days are now named in the company's language"),
        gettext_lazy(
            "The filter date wrote English names. From the next version on it writes those of the "
            "company's language; another one can be named after the format, such as “en”."
        ),
    ),
    "units": (
        gettext_lazy("Amounts are now counted as payment providers count them"),
        gettext_lazy(
            "The filter minor_units took some currencies for ones without decimals, or with too "
            "few. From the next version on it counts as ISO 4217 does: 100 to a Lebanese pound. "
            "Take out what was written to correct it."
        ),
    ),
}


def language_changes(kept: Sequence[ChangedPlace], document: Json) -> list[ChangedPart]:
    """Return what publishing changes by the language alone; [] if that is nothing."""
    return [
        ChangedPart(
            str(title), "changed", is_step=False, lines=tuple(_lines(said, places, document))
        )
        for change, (title, said) in _CHANGES.items()
        if (places := [one for one in kept if one.change == change])
    ]


def _lines(said: Any, kept: Sequence[ChangedPlace], document: Json) -> Iterator[ChangeInWords]:
    yield ChangeInWords(str(said))
    for one in kept[:MAX_SHOWN]:
        told = {"place": place(one.place, document), "value": one.template}
        yield ChangeInWords(_("%(place)s: %(value)s") % told)
    if len(kept) > MAX_SHOWN:
        yield ChangeInWords(_("And %(count)s more places.") % {"count": len(kept) - MAX_SHOWN})
