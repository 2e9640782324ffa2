"""Words in a template."""

import re
from collections.abc import Iterable
from typing import Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tenants.core.text.listing import listed as with_commas

register = template.Library()

# Signs that WhatsApp reads as markup: around words, not inside one.
_MARKS: Final = (
    (re.compile(r"```([^`]+)```"), "code"),
    *(
        (re.compile(rf"(?<![\w{one}]){one}(?=[^\s{one}])([^{one}\n]*)(?<=\S){one}(?!\w)"), element)
        for one, element in ((r"\*", "b"), ("_", "i"), ("~", "s"))
    ),
)


@register.filter
def listed(words: Iterable[object]) -> str:
    """Return the words with the language's comma between them: {{ names|listed }}."""
    return with_commas(words)


@register.filter
def as_whatsapp(text: str) -> SafeString:
    """Return a text as WhatsApp shows it: *bold*, _italic_, ~struck out~, ```as typed```."""
    shown = str(escape(text))
    for mark, element in _MARKS:
        shown = mark.sub(rf"<{element}>\1</{element}>", shown)
    return mark_safe(shown)  # noqa: S308 - escaped above
