"""Where the page of a thing is: the one place that knows the addresses of the pages.

What lies below the pages knows things, and asks `workflows.conf.public_address`, which is given
`path_to` when the app is ready.
"""

from typing import Final
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import NoReverseMatch, reverse

APPROVAL_LINK: Final = "approval_link"  # the one page behind a link that decides


def path_to(thing: str, key: object = None, **query: object) -> str:
    """Return the path of the page of a thing; without a key, of the list of all of its kind.

    `thing` is an app and a model, as "workflows_workflowrun". The list is narrowed by `query`.
    "" if there is no such page here.
    """
    try:
        if thing == APPROVAL_LINK:
            return reverse("approval-link", args=[key])
        if key is None:
            return admin_path(f"{thing}_changelist", **query)
        return admin_path(f"{thing}_change", key, **query)
    except NoReverseMatch:
        return ""


def page_of(row: Model) -> str:
    """Return the path of a row's page; "" if it has none."""
    return path_to(f"{row._meta.app_label}_{row._meta.model_name}", row.pk)


def admin_path(view: str, *arguments: object, **query: object) -> str:
    """Return the path of a page of the admin by the name of its view. What is empty is not asked.

    Raises NoReverseMatch.
    """
    path = reverse(f"admin:{view}", args=arguments)
    given = {name: str(value) for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path
