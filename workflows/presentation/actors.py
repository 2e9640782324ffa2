"""Who or what did something, in words. Stored as “kind:name”, for example “user:rana”."""

from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from django.utils.translation import gettext as _

# Every list names people, mostly the same ones. A name that somebody changes elsewhere is read anew
# after this time, in this process at once.
_SECONDS_KEPT: Final = 60.0
_MAX_KEPT: Final = 1000
_names: dict[str, tuple[float, str]] = {}


def actor_words(actor: str | None) -> str:
    """Return the actor for a page; "" if nobody was written down."""
    kind, _colon, name = (actor or "").partition(":")
    if not name:
        return actor or ""
    match kind:
        case "user":
            words = person_words(name)
        case "mail":
            words = name
        case "run":
            words = _("another run")
        case "api_key" | "key":
            words = _key_words(name)
        case "schedule":
            words = _("schedule “%(name)s”") % {"name": name}
        case "command":
            words = _("the command line")
        case _:
            words = actor or ""
    return words


def person_words(username: str) -> str:
    """Return the full name of an account; what it logs in with, if it has none or is gone."""
    kept = _names.get(username)
    if kept is not None and monotonic() - kept[0] < _SECONDS_KEPT:
        return kept[1]
    users: Any = get_user_model().objects
    user = users.filter(username=username).first()
    words = (user.get_full_name() if user else "") or username
    if len(_names) >= _MAX_KEPT:
        _names.clear()
    _names[username] = (monotonic(), words)
    return words


def causing_run(actor: str) -> str:
    kind, _colon, name = actor.partition(":")
    return name if kind == "run" else ""


def _key_words(name: str) -> str:
    # Who decides through a key is named after it: “shop, rana@example.com”.
    key, _comma, person = name.partition(", ")
    words = _("API key “%(name)s”") % {"name": key}
    return _("%(person)s, through %(key)s") % {"person": person, "key": words} if person else words


def _forget(instance: Any, **_details: Any) -> None:
    _names.pop(instance.get_username(), None)


# Of accounts alone: the saves of records, which fire events, ask nobody.
post_save.connect(
    _forget, sender=settings.AUTH_USER_MODEL, dispatch_uid="workflows.presentation.actors"
)
