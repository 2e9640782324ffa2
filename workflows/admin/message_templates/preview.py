"""A message template as its reader will see it, while it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from actions.mail.formatted import formatted
from actions.models.message_template import Channel, MessageTemplate
from actions.whatsapp.faults import names_from
from actions.whatsapp.letter import Letter
from actions.whatsapp.places import places_in
from actions.whatsapp.registered import Registered
from actions.whatsapp.values import own_key
from tenants.models.tenant import Tenant
from workflows.admin.message_templates.buttons import posted
from workflows.admin.message_templates.samples import (
    SampleChoice,
    choices_for,
    last_values,
    scope_of,
    template_of,
)
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates import render_text
from workflows.presentation.runs.errors import sentence
from workflows.presentation.whatsapp import told, value_names

TEXTS: Final = ("subject", "text", "html")
BUBBLE: Final = "admin/sayr/whatsapp_message.html"
PARTS: Final = ("parameter_format", "header_kind", "header_text", "footer")
# Of the page inside the frame: it may show itself and do nothing else. Its styles are part of the
# mail; pictures from elsewhere would tell their owner that somebody writes this mail.
FRAME_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The texts filled in, and what could not be."""

    texts: Mapping[str, str]
    problems: Mapping[str, str]
    are_real: bool  # the values: of the last event, not made up
    message: Mapping[str, Any] = field(default_factory=dict)  # of WhatsApp: as its reader sees it


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    tenant: Tenant
    template: MessageTemplate | None  # the stored one, if there is one already
    channel: str
    language: str
    texts: Mapping[str, str]
    parameters: list[str] = field(default_factory=list)
    parts: Mapping[str, Any] = field(default_factory=dict)  # what only WhatsApp has
    chosen: str = ""  # whose values
    is_formatted: bool = False  # text and HTML are made of one

    @classmethod
    def posted(cls, request: HttpRequest, tenant: Tenant) -> "Draft":
        """Read it."""
        data = request.POST
        return cls(
            tenant=tenant,
            template=template_of(tenant, data.get("template", "")),
            channel=data.get("channel", ""),
            language=data.get("language", ""),
            texts=_texts(data),
            is_formatted=bool(data.get("body", "").strip()),
            parameters=[
                line.strip() for line in data.get("parameters", "").splitlines() if line.strip()
            ],
            parts={
                **{name: data.get(name, "") for name in PARTS},
                "buttons": posted(data),
            },
            chosen=data.get("sample", ""),
        )


def answer(draft: Draft) -> JsonResponse:
    """Return subject, text and problems; the HTML comes by a way of its own."""
    rendered, direction = render(draft), direction_of(draft.language)
    return JsonResponse(
        {
            **{name: rendered.texts.get(name, "") for name in ("subject", "text")},
            "bubble": render_to_string(
                BUBBLE, {"message": rendered.message, "direction": direction}
            )
            if rendered.message
            else "",
            "problems": rendered.problems,
            "has_html": bool(rendered.texts.get("html", "").strip()),
            "direction": direction,
            "values": _whose(rendered, draft.channel),
        }
    )


def _whose(rendered: Rendered, channel: str) -> str:
    """Return whose the values are that the preview shows."""
    if rendered.are_real:
        return _("Values of the last event.")
    if channel == Channel.WHATSAPP:
        return _("No step has sent this message yet: in place of the values stand their names.")
    return _("No such event has come yet: these values are made up.")


def html_page(draft: Draft) -> HttpResponse:
    """Return the HTML of the mail as a page that can do nothing."""
    inside = render(draft).texts.get("html", "")
    page = format_html(
        '<!DOCTYPE html><html lang="{}" dir="{}"><meta charset="utf-8"><title>{}</title>'
        "<style>body {{ font: 14px/1.5 sans-serif; }}</style>{}",
        draft.language,
        direction_of(draft.language),
        _("Mail"),
        # Written by staff, escaped values; the policy below takes its teeth.
        mark_safe(inside),  # noqa: S308
    )
    return HttpResponse(
        page,
        headers={"Content-Security-Policy": FRAME_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


def render(draft: Draft) -> Rendered:
    """Fill the texts in. What cannot be filled in is a problem of its field."""
    choices = choices_for(draft.tenant, draft.template)
    choice = next((one for one in choices if one.key == draft.chosen), choices[0])
    if draft.channel == Channel.WHATSAPP:
        return _whatsapp(draft, choice)
    scope, are_real = scope_of(draft.tenant, choice, timezone.now())
    texts: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, source in draft.texts.items():
        filled, problem = _filled(source, scope, html=name == "html")
        texts[name] = filled
        if problem:
            problems["body" if draft.is_formatted and name != "subject" else name] = problem
    return Rendered(texts, problems, are_real)


def direction_of(language: str) -> str:
    """Return rtl for a language that is written from right to left."""
    try:
        return "rtl" if get_language_info(language.replace("_", "-").lower())["bidi"] else "ltr"
    except KeyError:
        return "auto"


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was written; of a formatted text, what is made of it."""
    texts = {name: str(data.get(name, "")) for name in TEXTS}
    body = str(data.get("body", ""))
    if body.strip():
        made = formatted(body, str(data.get("language", "")))
        texts |= {"text": made.text, "html": made.html}
    return texts


def _filled(source: str, scope: NameScope, *, html: bool) -> tuple[str, str]:
    if not source.strip():
        return "", ""
    try:
        return render_text(source, scope, html=html), ""
    except ExpressionError as error:
        return "", sentence(error.code, error.params)


def _whatsapp(draft: Draft, choice: SampleChoice) -> Rendered:
    """Fill the registered parts as the provider does: {{1}}, or {{name}}."""
    key = draft.template.key if draft.template else ""
    known = last_values(draft.tenant, choice, key)
    entered = _entered(draft, key)
    names = value_names()
    values = {
        own_key(one): str(known.get(one.key) or f"«{names.get(one.key, one.key)}»")
        for one in entered.wanted
    }
    shown = Letter("", entered, entered.language, values).shown()
    found = [one for one in places_in(draft.texts["text"]) if one in places_in(shown["text"])]
    problems = {"text": _unknown_place(found[0])} if found else {}
    return Rendered({"text": shown["text"]}, problems, bool(known), told(shown))


def _entered(draft: Draft, key: str) -> Registered:
    text = draft.texts["text"]
    return MessageTemplate(
        key=key,
        language=draft.language,
        text=text,
        parameters=draft.parameters or names_from(text),
        **draft.parts,
    ).registered


def _unknown_place(place: str) -> str:
    said = _("“%(place)s” is not among the values that the template takes. Name it below.")
    return said % {"place": f"{{{{{place}}}}}"}
