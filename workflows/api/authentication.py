"""Who calls: an API key, which says for which tenant, and what it may do."""

import re
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework_api_key.permissions import KeyParser

from tenants.key_rights import lost_scopes, scopes_of, with_maker_role
from tenants.models.api_key import ApiKey
from tenants.models.tenant import Tenant
from workflows.api.refusals import ApiProblem

# What the library makes. Anything else need not be looked up.
_KEY: Final = re.compile(r"[A-Za-z0-9]{1,8}\.[A-Za-z0-9]{1,150}")
# A busy key is not written to for each of its requests.
USE_NOTED_EVERY: Final = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Api-Key …`. The key becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        """Return the key, or None if the request names none. Raises AuthenticationFailed."""
        given = KeyParser().get(request)
        if given is None:
            return None
        key = _find(given.strip())
        if key.revoked:
            raise AuthenticationFailed(code="api_key_revoked")
        if key.has_expired:
            raise AuthenticationFailed(code="api_key_expired")
        _note_use(key)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return 'Api-Key realm="sayr"'


class HasScope(BasePermission):
    """Lets a key in that has the view's `required_scope`. A view that names none lets nobody in."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Return whether the request carries a key at all. Raises ApiProblem for a wrong one."""
        if request.auth is None:
            return False
        need_scope(request, getattr(view, "required_scope", None))
        return True


def need_scope(request: Request, scope: str | None) -> None:
    """Raise ApiProblem (`missing_scope`, `maker_may_not`) unless the key of a request may this."""
    if may(request, scope):
        return
    is_lost = scope in lost_scopes(key_of(request))
    raise ApiProblem("maker_may_not" if is_lost else "missing_scope", {"scope": scope})


def may(request: Request, scope: str | None) -> bool:
    return scope is not None and scope in scopes_of(key_of(request))


def key_of(request: Request) -> ApiKey:
    key: Any = request.auth  # the stubs know only the framework's own tokens
    found: ApiKey = key
    return found


def tenant_of(request: Request) -> Tenant:
    """Return whose rows the request is about. Only the key says so, never a body or a header."""
    tenant: Tenant = key_of(request).tenant
    return tenant


def _find(given: str) -> ApiKey:
    found: Any = None
    if _KEY.fullmatch(given):
        prefix = given.partition(".")[0]
        found = with_maker_role(ApiKey.objects.filter(prefix=prefix)).first()
    # Revoked or expired is only told to who holds the whole key.
    if found is None or not found.is_valid(given):
        raise AuthenticationFailed(code="api_key_unknown")
    key: ApiKey = found
    return key


def _note_use(key: ApiKey) -> None:
    noted = key.last_used_at
    if noted is not None and timezone.now() - noted < USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())
