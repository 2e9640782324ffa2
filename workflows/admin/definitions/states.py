"""Whether a workflow runs, in words: on, published and off, or not published yet."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflows.addresses import admin_path
from workflows.presentation.badges import Badge


def state_of(definition: Any) -> Badge:
    """Return whether events start it, as a label."""
    if definition.archived_at:
        return Badge("nothing", _("Archived"))
    if not definition.version:
        return Badge("nothing", _("Draft, not published yet"))
    if definition.is_active:
        return Badge("started", _("On"))
    return Badge("unknown", _("Published, off"))


def has_draft_beside(definition: Any) -> bool:
    """Say whether there is a draft beside what is published."""
    return definition.draft is not None and definition.version > 0


def switch_url(definition: Any) -> str:
    """Return the address that switches a workflow on or off."""
    return admin_path("workflows_workflowdefinition_switch", definition.pk)


def tell_published(request: HttpRequest, definition: Any, *, is_new: bool = True) -> None:
    """Say which version is published and whether it is on, in one message.

    Where it is off the message has the button that switches it on.
    """
    told = {"number": definition.version}
    if definition.is_active:
        said = (
            _("Version %(number)s is published and on: the next events start it.")
            if is_new
            else _("Nothing has changed. Version %(number)s is published and on.")
        )
        messages.success(request, said % told)
        return
    said = (
        _("Version %(number)s is published, but switched off: nothing starts it.")
        if is_new
        else _("Nothing has changed. Version %(number)s is published, but switched off.")
    )
    button = "" if definition.archived_at else switch_on_button(request, definition)
    messages.warning(request, format_html("{} {}", said % told, button))


def switch_on_button(request: HttpRequest, definition: Any) -> SafeString:
    """Return a form of one button."""
    return format_html(
        '<form method="post" action="{}" class="sayr-inline-form"><input type="hidden" '
        'name="csrfmiddlewaretoken" value="{}"><button type="submit" name="on" value="1" '
        'class="sayr-small">{}</button></form>',
        switch_url(definition),
        get_token(request),
        _("Switch it on"),
    )
