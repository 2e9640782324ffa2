"""What differs between two contents of a message, in words."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from tenants.core.text.listing import listed
from workflows.presentation.changes.raw import DiffLine, hunks

Content = Mapping[str, Any]

_TEXTS: Final = {
    "subject": gettext_lazy("Subject"),
    "body": gettext_lazy("Message"),
    "text": gettext_lazy("Text"),
    "html": gettext_lazy("HTML"),
    "header_text": gettext_lazy("Text of the header"),
    "footer": gettext_lazy("Footer"),
    "language": gettext_lazy("Language"),
    "provider_name": gettext_lazy("Registered name"),
}
_OTHERS: Final = {
    "parameters": gettext_lazy("Values it takes"),
    "parameter_format": gettext_lazy("How values are marked"),
    "header_kind": gettext_lazy("Header"),
    "buttons": gettext_lazy("Buttons"),
}
MAX_LINES: Final = 6  # told of one text
MAX_LINE: Final = 120  # characters


def changes_told(before: Content, after: Content) -> list[str]:
    """Return each difference as a sentence; none if both say the same."""
    before, after = _members(before), _members(after)
    said = [*_of_language(before, after, ""), *_of_registered(before, after)]
    old, new = (_members(one.get("translations")) for one in (before, after))
    for language in sorted({*old, *new}):
        name = _language_name(language)
        said += _of_language(_members(old.get(language)), _members(new.get(language)), name)
    return said


def _members(value: Any) -> Content:
    """Return an object's members; of what a row holds instead, none."""
    return value if isinstance(value, dict) else {}


def _of_language(before: Content, after: Content, language: str) -> Iterator[str]:
    """Tell what people wrote: where text and HTML are made of a formatted one, that alone."""
    was_formatted, is_formatted = bool(before.get("body")), bool(after.get("body"))
    if was_formatted != is_formatted and _says_something(before) and _says_something(after):
        yield _("Written as formatted text.") if is_formatted else _("Written as HTML.")
    made = {"text", "html"} if is_formatted else set()
    for name, label in _TEXTS.items():
        if name in made:
            continue
        old, new = str(before.get(name) or ""), str(after.get(name) or "")
        if old != new:
            shown = f"{label} ({language})" if language else str(label)
            yield _text_told(shown, old, new)


def _says_something(content: Content) -> bool:
    return any(content.get(name) for name in ("body", "text", "html"))


def _of_registered(before: Content, after: Content) -> Iterator[str]:
    changed = [str(label) for name, label in _OTHERS.items() if _differ(before, after, name)]
    if changed:
        yield _("Changed, too: %(what)s.") % {"what": listed(changed)}


def _differ(before: Content, after: Content, name: str) -> bool:
    return (before.get(name) or None) != (after.get(name) or None)


def _text_told(label: str, old: str, new: str) -> str:
    differing = [line for hunk in hunks(old, new) for line in hunk.lines if line.kind != "same"]
    # Empty ones are told only where nothing else differs.
    lines = [line for line in differing if _text_of(line)] or differing
    gone = listed(_quoted(line) for line in lines[:MAX_LINES] if line.kind == "old")
    added = listed(_quoted(line) for line in lines[:MAX_LINES] if line.kind == "new")
    told = {"label": label, "old": gone, "new": added}
    if gone and added:
        return _("%(label)s: %(old)s became %(new)s.") % told
    return (_("%(label)s: %(new)s is new.") if added else _("%(label)s: %(old)s is gone.")) % told


def _text_of(line: DiffLine) -> str:
    return "".join(piece for _marked, piece in line.parts).strip()


def _quoted(line: DiffLine) -> str:
    text = _text_of(line)
    short = text if len(text) <= MAX_LINE else f"{text[: MAX_LINE - 1]}…"
    return _("“%(value)s”") % {"value": short} if short else _("an empty line")


def _language_name(language: str) -> str:
    try:
        return str(get_language_info(language)["name_translated"])
    except KeyError:
        return language
