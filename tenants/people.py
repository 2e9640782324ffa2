"""People by the names they are called, wherever a page tells who did something."""

from functools import lru_cache
from time import monotonic
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save

# How long a process goes on with a name that was changed in another.
REMEMBERED_SECONDS: Final = 30


def full_name(username: str) -> str:
    """Return a person's full name; the one to log in with if there is no other, or nobody.

    Remembered for a moment: a list names the same few people in each row.
    """
    return _full_name(username, int(monotonic() / REMEMBERED_SECONDS))


@lru_cache(maxsize=1000)
def _full_name(username: str, _period: int) -> str:
    people: Any = get_user_model()._default_manager
    names = people.filter(username=username).values_list("first_name", "last_name").first()
    return " ".join(names or ()).strip() or username


def _forget(**_given: Any) -> None:
    _full_name.cache_clear()


def forget_when_people_change() -> None:
    """Ask anew once somebody is saved in this process."""
    for signal in (post_save, post_delete):
        signal.connect(_forget, sender=get_user_model(), dispatch_uid="tenants.people")
