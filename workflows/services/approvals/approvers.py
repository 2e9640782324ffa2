"""Who is asked by an approval, and who may decide it.

An entry of `approvers` is the name of a member, a mail address (a member's or anybody's),
`role:<role>` of the tenant's members, or `key:<name>` of an API key. Superusers may decide besides,
and nobody else: not a key that no entry names, for whomever it says that it decides.

Entries come from payloads too, so one may be written in another way than the name it means:
composed or not, with signs that nobody sees. It means that name if nobody else is called so.

Nobody decides on what they asked for, unless the step allows it. It is the person that counts: one
with two accounts, an account and a link, or a key, a schedule or a run that acted for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from tenants.core.text.addresses import is_address
from tenants.core.text.alike_sql import Comparable
from tenants.core.text.characters import comparable
from tenants.key_rights import scopes_of
from tenants.models.api_key import ApiKey, KeyScope
from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from tenants.models.user import User
from workflows.models.approval import WorkflowApproval
from workflows.runtime.runs.requesters import requesters_of

ROLE: Final = "role:"
KEY: Final = "key:"
MAX_TOLD: Final = 50  # people of one approval


class Via(StrEnum):
    """Through what somebody decided. The engine writes `timeout`."""

    ADMIN = "admin"
    LINK = "link"
    API = "api"


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody who wants to decide."""

    name: str  # as history keeps it: "user:rana", "mail:head@company.example", "api_key:shop"
    via: Via
    names: frozenset[str] = frozenset()  # entries that mean them
    address: str = ""  # casefolded; an entry that is this address means them as well
    mail: str = ""  # casefolded: where they have their mail, whether or not that means anybody
    requests_as: frozenset[str] = frozenset()  # how their own requests are signed
    is_free: bool = False  # need not be asked: a superuser
    tenant: UUID | None = None  # for whose approvals they were looked up; None: they have no place
    on_behalf_of: "Decider | None" = None  # who has to be asked as well


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person who is told of an approval."""

    person: str  # "user:rana" or "mail:head@company.example": what a link is made for
    address: str


def refusal(approval: WorkflowApproval, decider: Decider) -> str:
    """Return why this is not theirs to decide (`not_asked`, `own_request`), or ""."""
    if not decider.is_free and not is_asked(approval, decider):
        return "not_asked"
    if not approval.allow_self and decider.requests_as & _requesters(approval):
        return "own_request"
    return refusal(approval, decider.on_behalf_of) if decider.on_behalf_of else ""


def is_asked(approval: WorkflowApproval, decider: Decider) -> bool:
    """Whether one of the approval's entries means them."""
    if decider.tenant not in {None, approval.tenant_id}:
        return False
    return any(
        entry in decider.names
        or ("@" in entry and decider.address and _folded(entry) == _folded(decider.address))
        or _is_called_alike(approval.tenant_id, entry, decider.names)
        for entry in _entries(approval)
    )


def user_decider(tenant: Tenant, user: Any, via: Via) -> Decider:
    """Return a person with an account. Somebody who is no member is meant by no entry."""
    role = None
    if user.is_active:
        own = Membership.objects.filter(tenant=tenant, user=user)
        role = own.values_list("role", flat=True).first()
    is_superuser = bool(user.is_active and user.is_superuser)
    is_known = role is not None or is_superuser
    address = user.email.casefold() if is_known else ""
    names = {user.get_username()} if is_known else set()
    if role is not None:
        names.add(f"{ROLE}{role}")
    return Decider(
        name=f"user:{user.get_username()}",
        via=via,
        names=frozenset(names),
        address=address,
        mail=user.email.casefold(),
        requests_as=signatures_of(user),
        is_free=is_superuser,
        tenant=tenant.pk,
    )


def mail_decider(address: str, via: Via) -> Decider:
    """Return somebody known by nothing but a mail address."""
    folded = address.casefold()
    return Decider(
        name=f"mail:{address}",
        via=via,
        address=folded,
        mail=folded,
        requests_as=_signatures("", folded),
    )


def person_decider(tenant: Tenant, person: str, via: Via) -> Decider | None:
    """Return the person that a link or a caller names; None if the account is gone."""
    kind, _colon, name = person.partition(":")
    if kind == "mail":
        user = _members(tenant).filter(email__iexact=name).order_by("username").first()
        if user is None and is_switched_off(name):
            return None
        return user_decider(tenant, user, via) if user else mail_decider(name, via)
    user = User.objects.filter(username=name, is_active=True).first()
    return user_decider(tenant, user, via) if user else None


def is_switched_off(address: str) -> bool:
    """Whether all accounts with a mail address were switched off: the person may do nothing."""
    accounts = list(User.objects.filter(email__iexact=address).values_list("is_active", flat=True))
    return bool(accounts) and not any(accounts)


def key_decider(key: ApiKey, signed: str = "") -> Decider:
    """Return an API key that decides by itself; `signed` is whom its caller names, unproven.

    It is meant by an entry with its name, if it may decide and was the first such key of the
    company to have the name: nobody gets into a question by naming a new key like an asked one.
    """
    maker = key.made_by
    return Decider(
        name=_key_name(key, signed),
        via=Via.API,
        names=frozenset({f"{KEY}{key.name}"} if _may_decide(key) else ()),
        requests_as=frozenset({_key_name(key), f"api_key:{key.prefix}"})
        | (signatures_of(maker) if maker else frozenset()),
        tenant=key.tenant_id,
    )


def key_decider_for(key: ApiKey, address: str) -> Decider:
    """Return an API key that decides for the person with this mail address.

    The key has to be asked, and the person too: that a key names somebody proves nothing.
    """
    person = person_decider(key.tenant, f"mail:{address}", Via.API)
    nobody = Decider(f"mail:{address}", Via.API)
    asked = replace(person or nobody, is_free=False)
    return replace(key_decider(key, address), on_behalf_of=asked)


def addressees(approval: WorkflowApproval) -> list[Addressee]:
    """Return everybody to be told, each once; not who asked, if they may not decide themselves."""
    found: dict[str, Addressee] = {}
    for one in _addressees(approval):
        found.setdefault(one.person, one)
    return list(found.values())[:MAX_TOLD]


def unreachable(approval: WorkflowApproval) -> list[str]:
    """Return to whom no mail can be sent: members with such an address, and such addresses."""
    tenant, found = approval.tenant, dict[str, None]()
    for entry in _entries(approval):
        users = list(_meant(tenant, entry))
        for user in users:
            is_bad = user.email and not is_address(user.email)
            if is_bad and not refusal(approval, user_decider(tenant, user, Via.LINK)):
                found[user.get_username()] = None
        if "@" in entry and not users and not is_address(_plain(entry)):
            found[entry] = None
    return list(found)[:MAX_TOLD]


def _addressees(approval: WorkflowApproval) -> Iterator[Addressee]:
    tenant = approval.tenant
    for entry in _entries(approval):
        users = list(_meant(tenant, entry))
        for user in users:
            if is_address(user.email) and not refusal(
                approval, user_decider(tenant, user, Via.LINK)
            ):
                yield Addressee(f"user:{user.get_username()}", user.email)
        address = _plain(entry)
        if users or not is_address(address) or is_switched_off(address):
            continue
        if not refusal(approval, mail_decider(address, Via.LINK)):
            yield Addressee(f"mail:{address.casefold()}", address)


def _meant(tenant: Tenant, entry: str) -> Any:
    plain = _plain(entry)
    if plain.startswith(ROLE):
        role = plain.removeprefix(ROLE)
        own = Membership.objects.filter(tenant=tenant, role=role, user__is_active=True)
        return User.objects.filter(pk__in=own.values("user")).order_by("username")
    by_name = _members(tenant).filter(username=entry)
    if not by_name and not entry.isascii() and len(called := _called_alike(tenant.pk, plain)) == 1:
        by_name = _members(tenant).filter(username__in=called)
    if by_name:
        return by_name
    return _members(tenant).filter(Q(email__iexact=entry) | Q(email__iexact=plain))


def _is_called_alike(tenant: UUID, entry: str, names: frozenset[str]) -> bool:
    """Whether an entry means one of these names, though it is written otherwise.

    Not if two are called so: which of them is meant, nobody could see.
    """
    plain = _plain(entry)
    if entry.isascii() or plain not in {comparable(name) for name in names}:
        return False
    return plain.startswith(ROLE) or len(_called_alike(tenant, plain)) == 1


def _called_alike(tenant: UUID, plain: str) -> list[str]:
    """Return the names of accounts, or of the company's keys, that look like this one."""
    if plain.startswith(KEY):
        keys = ApiKey.objects.filter(tenant=tenant).annotate(alike=Comparable("name"))
        return list(keys.filter(alike=plain.removeprefix(KEY)).values_list("name", flat=True))
    users = User.objects.annotate(alike=Comparable("username"))
    return list(users.filter(alike=plain).values_list("username", flat=True)[:2])


def _plain(entry: str) -> str:
    return comparable(entry).strip()


def _folded(address: str) -> str:
    return _plain(address).casefold()


def _members(tenant: Tenant) -> Any:
    own = Membership.objects.filter(tenant=tenant).values("user")
    return User.objects.filter(Q(pk__in=own) | Q(is_superuser=True), is_active=True)


def _may_decide(key: ApiKey) -> bool:
    may = [KeyScope.DECIDE_APPROVALS]
    named = ApiKey.objects.filter(tenant=key.tenant_id, name=key.name, scopes__contains=may)
    first = named.order_by("created", "prefix").values_list("pk", flat=True).first()
    is_open = not key.revoked and not key.has_expired and scopes_of(key) >= {*may}
    return first == key.pk and is_open


def _requesters(approval: WorkflowApproval) -> frozenset[str]:
    """Return everybody who counts as having asked for what is to be decided."""
    if approval.requesters is None:  # asked by an older release
        approval.requesters = requesters_of(approval.tenant_id, approval.run_id)
    return frozenset({approval.requested_by, *approval.requesters} - {""})


def _key_name(key: ApiKey, signed: str = "") -> str:
    return f"api_key:{key.name}, {signed}" if signed else f"api_key:{key.name}"


def _entries(approval: WorkflowApproval) -> list[str]:
    stored = approval.approvers
    return [one for one in stored if isinstance(one, str)] if isinstance(stored, list) else []


def signatures_of(user: Any) -> frozenset[str]:
    """Return how requests of a person with an account are signed, whichever account they used."""
    return _signatures(user.get_username(), user.email.casefold())


def _signatures(username: str, address: str) -> frozenset[str]:
    names = {username} if username else set()
    addresses = {address, _mailbox(address)} if address else set()
    if address:
        local, _at, domain = _mailbox(address).rpartition("@")
        tagged = Q(email__istartswith=f"{local}+", email__iendswith=f"@{domain}")
        same = User.objects.filter(Q(email__iexact=f"{local}@{domain}") | tagged)
        names |= set(same.values_list("username", flat=True))
    return frozenset({f"user:{name}" for name in names} | {f"mail:{one}" for one in addresses})


def _mailbox(address: str) -> str:
    """Return where mail to an address arrives: rana+orders@… is one more name of rana@…."""
    local, _at, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
