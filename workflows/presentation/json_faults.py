"""Why JSON was refused, in the reader's language: for the API, for forms, for what steps gave."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.core.json.faults import BadJson, JsonFault

SENTENCES: Final[Mapping[str, Any]] = {
    JsonFault.EMPTY: _("Nothing is written here. Write JSON, at least {}."),
    JsonFault.NOT_UTF8: _("The body is not UTF-8: see byte %(byte)s."),
    JsonFault.SYNTAX: _("This is not JSON: %(reason)s."),
    JsonFault.TOO_DEEP: _("Lists and objects are nested too deeply: at most %(limit)s levels."),
    JsonFault.DUPLICATE_KEY: _("An object has the key “%(key)s” twice. Send it once."),
    JsonFault.NOT_FINITE: _("%(number)s is not a JSON number."),
    JsonFault.NUMBER_TOO_LARGE: _("%(number)s does not fit into 64 bits. Send it as text."),
    JsonFault.NUMBER_TOO_LONG: _(
        "%(number)s has more than %(limit)s digits, written out. Round it, or send it as text."
    ),
    JsonFault.NUL_CHARACTER: _("A text holds the character NUL, which cannot be stored."),
    JsonFault.LONE_SURROGATE: _(
        "A text holds half of a surrogate pair: it was cut inside a character."
    ),
    JsonFault.NOT_AN_OBJECT: _("Write a JSON object, in braces."),
    JsonFault.TOO_LARGE: _("At most %(limit_bytes)s bytes are accepted."),
    JsonFault.NOT_JSON: _("This is no JSON value: %(reason)s"),
}


def said(fault: str, params: Mapping[str, Any], pointer: str | None = None) -> str:
    """Return the sentence of a fault, with the place in the value if it is known."""
    sentence = str(SENTENCES[fault] % params)
    if not pointer:
        return sentence
    return gettext("%(problem)s (at %(place)s)") % {"problem": sentence, "place": pointer}


def said_of(problem: BadJson) -> str:
    place = problem.pointer
    if problem.line is not None:
        place = gettext("line %(line)s, column %(column)s") % {
            "line": problem.line,
            "column": problem.column,
        }
    return said(problem.fault, problem.params, place)
