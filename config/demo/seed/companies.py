"""The two companies and their people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenants.models.membership import Membership, Role
from tenants.models.tenant import Tenant
from tenants.models.user import User


@dataclass(frozen=True, slots=True)
class Company:
    """One tenant to be."""

    key: str
    name: str
    country: str
    time_zone: str
    currency: str
    language: str
    sender: str  # of its mails


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logs in; the password is the name."""

    name: str
    first_name: str
    last_name: str
    company: str  # key; "" sees every company
    role: Role
    may: str
    language: str = ""


COMPANIES: Final = (
    Company("cedar", "Cedar Trading", "LB", "Asia/Beirut", "USD", "en", "orders@cedar.example.com"),
    Company("najd", "Najd Stores", "SA", "Asia/Riyadh", "SAR", "ar", "orders@najd.example.com"),
)
PEOPLE: Final = (
    Person("admin", "Samar", "Aoun", "", Role.OPERATIONS, "everything, both companies"),
    Person("ops", "Jad", "Rahme", "cedar", Role.OPERATIONS, "Cedar Trading: edits workflows"),
    Person("support", "Dina", "Hobeika", "cedar", Role.SUPPORT, "Cedar Trading: reads the history"),
    Person(
        *("najd-ops", "ماجد", "الرشيد", "najd", Role.OPERATIONS),
        may="Najd Stores: edits workflows, in Arabic",
        language="ar",
    ),
)


def add_company(company: Company) -> Tenant:
    values = {
        "name": company.name,
        "country": company.country,
        "time_zone": company.time_zone,
        "currency": company.currency,
        "language": company.language,
    }
    return Tenant.objects.get_or_create(key=company.key, defaults=values)[0]


def add_people(tenants: Sequence[Tenant]) -> None:
    """Let everybody in. Who is there already keeps the password."""
    for person in PEOPLE:
        user = User.objects.filter(username=person.name).first() or _add_user(person)
        for tenant in tenants:
            if tenant.key == person.company:
                Membership.objects.get_or_create(
                    user=user, tenant=tenant, defaults={"role": person.role}
                )


def _add_user(person: Person) -> User:
    user: User = User.objects.create_user(
        person.name,
        f"{person.name}@example.com",
        person.name,
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        is_staff=True,
        is_superuser=not person.company,
    )
    return user
