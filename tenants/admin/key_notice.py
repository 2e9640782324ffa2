"""Saying what becomes of somebody's API keys when they may do less."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from tenants.core.text.listing import listed
from tenants.key_rights import lost_scopes, with_maker_role
from tenants.models.api_key import ApiKey


def tell_of_keys(request: HttpRequest, person: Any) -> None:
    """Tell of the keys that do not do any more what they were made for."""
    made = with_maker_role(ApiKey.objects.filter(made_by=person, revoked=False))
    names = [f"{key.name} ({key.tenant})" for key in made if lost_scopes(key)]
    if names:
        said = gettext(
            "API keys of %(person)s do not do any more what they were made for: %(keys)s. Somebody "
            "of Operations can take them over, in the list of keys."
        )
        told = {"person": person.get_full_name() or person.get_username(), "keys": listed(names)}
        messages.warning(request, said % told)
