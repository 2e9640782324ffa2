"""The app's settings: `SAYR["ACTIONS"]`, with defaults, units in the names."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """What an installation may change."""

    # "host:port" that steps may call although it is private; nothing else in the private network.
    allowed_private_hosts: frozenset[str] = frozenset()
    # Public addresses of this installation itself, which steps must not reach either.
    denied_addresses: frozenset[str] = frozenset()
    connect_timeout_seconds: float = 3.0
    answer_limit_bytes: int = 1_048_576  # of a body, unpacked
    output_limit_bytes: int = 65_536  # of a step's output
    request_limit_bytes: int = 1_048_576
    retry_after_limit_seconds: int = 86_400
    mail_recipients_limit: int = 50
    mail_text_limit_characters: int = 20_000  # of the text kept in the output
    whatsapp_base_url: str = "https://graph.facebook.com"
    whatsapp_version: str = "v23.0"
    slack_base_url: str = "https://slack.com/api"
    # Where the stand-ins for the providers listen, for trying out; "": there are none.
    sandbox_url: str = ""


@cache
def settings() -> ActionSettings:
    """Return the settings. Raises ImproperlyConfigured for a name that does not exist."""
    given: dict[str, Any] = getattr(django_settings, "SAYR", {}).get("ACTIONS", {})
    known = {field.name.upper(): field for field in fields(ActionSettings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ImproperlyConfigured(
            f"SAYR['ACTIONS'] has no {', '.join(unknown)}. It has {', '.join(sorted(known))}."
        )
    values = {name.lower(): value for name, value in given.items()}
    for name in ("allowed_private_hosts", "denied_addresses"):
        values[name] = frozenset(str(item).lower() for item in values.get(name, ()))
    return ActionSettings(**values)


def _forget(*, setting: str, **_details: Any) -> None:
    if setting == "SAYR":
        settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="actions.conf")
