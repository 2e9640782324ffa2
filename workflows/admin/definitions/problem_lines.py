"""What is wrong with a document, line by line, with a way to where it is put right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tenants.core.json import Json
from workflows.addresses import admin_path
from workflows.definition.codes import Code
from workflows.definition.errors import Problem
from workflows.definition.schemas import reference
from workflows.presentation.documents.places import problem_words


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One mistake in words."""

    place: str
    text: str
    url: str = ""  # where what is missing can be made
    way: str = ""


def problem_lines(problems: Iterable[Problem], document: Json) -> list[ProblemLine]:
    """Return the mistakes of a document in words."""
    return [
        ProblemLine(*problem_words(one, document), *_way(one.code, one.params)) for one in problems
    ]


def _way(code: str, params: dict[str, Any]) -> tuple[str, str]:
    if code != Code.UNKNOWN_REFERENCE:
        return "", ""
    thing, kinds = reference(params.get("kind"))
    kind = next(iter(kinds), "")
    if thing == "connection":
        return admin_path("actions_connection_add", kind=kind), _("Add the connection")
    if thing == "message_template":
        add = admin_path("actions_messagetemplate_add", channel=kind)
        return add, _("Add the message template")
    return "", ""
