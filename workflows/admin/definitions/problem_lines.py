"""What is wrong with a document, line by line, with a way to where it is put right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.core.json import Json
from workflows.definition.codes import Code
from workflows.definition.problems import Problem
from workflows.presentation.documents.places import place
from workflows.presentation.runs.errors import sentence


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
        ProblemLine(
            place(one.path, document), sentence(one.code, one.params), *_way(one.code, one.params)
        )
        for one in problems
    ]


def _way(code: str, params: dict[str, Any]) -> tuple[str, str]:
    if code != Code.UNKNOWN_REFERENCE:
        return "", ""
    thing, _colon, kinds = str(params.get("kind", "")).partition(":")
    kind = kinds.split(",")[0].strip()
    if thing == "connection":
        add = reverse("admin:actions_connection_add")
        return (f"{add}?kind={kind}" if kind else add), _("Add the connection")
    if thing == "message_template":
        add = reverse("admin:actions_messagetemplate_add")
        return (f"{add}?channel={kind}" if kind else add), _("Add the message template")
    return "", ""
