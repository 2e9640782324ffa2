"""Who or what did something, in words. Stored as “kind:name”, for example “user:rana”."""

from django.utils.translation import gettext as _

from tenants.people import full_name


def actor_words(actor: str) -> str:
    """Return the actor for a page; "" if nobody was written down."""
    kind, _colon, name = actor.partition(":")
    if not name:
        return actor
    match kind:
        case "user":
            words = full_name(name)
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
            words = actor
    return words


def causing_run(actor: str) -> str:
    kind, _colon, name = actor.partition(":")
    return name if kind == "run" else ""


def _key_words(name: str) -> str:
    # Who decides through a key is named after it: “shop, rana@example.com”.
    key, _comma, person = name.partition(", ")
    words = _("API key “%(name)s”") % {"name": key}
    return _("%(person)s, through %(key)s") % {"person": person, "key": words} if person else words
