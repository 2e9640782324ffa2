"""What an API key may do: what it was made for, and at most what its maker may.

Who leaves a company, or may do less there, has no way round that in a key. Somebody else can take
such a key over; then it is theirs.
"""

from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery

from tenants.models.api_key import ApiKey, KeyScope
from tenants.models.membership import Membership, Role

# Support reads, and decides where it is asked.
OF_ROLE: Final = {
    Role.OPERATIONS: frozenset(KeyScope),
    Role.SUPPORT: frozenset({KeyScope.READ_RUNS, KeyScope.DECIDE_APPROVALS}),
}
NOTHING: Final[frozenset[str]] = frozenset()


def with_maker_role(keys: QuerySet[Any]) -> QuerySet[Any]:
    """Return the keys with their makers' roles, in the same statement."""
    own = Membership.objects.filter(tenant=OuterRef("tenant"), user=OuterRef("made_by"))
    role = Subquery(own.values("role")[:1])
    found: QuerySet[Any] = keys.select_related("tenant", "made_by").annotate(maker_role=role)
    return found


def scopes_of(key: ApiKey) -> frozenset[str]:
    """Return what a key may do as things stand."""
    return frozenset(key.scopes) & _rights_of_maker(key)


def lost_scopes(key: ApiKey) -> frozenset[str]:
    """Return what it was made for, and may not do because its maker may not."""
    return frozenset(key.scopes) - scopes_of(key)


def _rights_of_maker(key: ApiKey) -> frozenset[str]:
    maker = key.made_by
    if maker is None:
        return frozenset(KeyScope)  # made by this installation, or before makers were noted
    if not (maker.is_active and maker.is_staff):
        return NOTHING
    if maker.is_superuser:
        return frozenset(KeyScope)
    if hasattr(key, "maker_role"):
        role = key.maker_role
    else:
        own = Membership.objects.filter(tenant=key.tenant_id, user=maker)
        role = own.values_list("role", flat=True).first()
    return OF_ROLE.get(role, NOTHING)
