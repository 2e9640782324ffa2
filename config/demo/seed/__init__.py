"""Fills the demo's database with two companies. Doing it again changes nothing but addresses.

| module         | its rows                                                          |
|----------------|-------------------------------------------------------------------|
| companies.py   | the companies, their people and what both log in with             |
| connections.py | the connections to the sandbox, which may listen elsewhere today  |
| messages.py    | the message templates, English and Arabic                         |
| workflows.py   | the workflows, published and active                               |
| orders.py      | the orders: most of them old, a dozen new ones that start runs    |
| records.py     | signups, invoices, payments, refunds, products: all of them old   |
| keys.py        | the API key                                                       |
"""

from dataclasses import dataclass
from pathlib import Path

from config.demo.seed.companies import COMPANIES, PEOPLE, add_company, add_people
from config.demo.seed.connections import Outside, connect
from config.demo.seed.keys import usable_key
from config.demo.seed.messages import add_messages
from config.demo.seed.orders import add_orders
from config.demo.seed.records import add_records
from config.demo.seed.workflows import add_workflows
from tenants.scope import tenant_scope

__all__ = ["Outside", "Seeded", "seed"]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What people need to know of the rows."""

    people: tuple[tuple[str, str, str], ...]  # user name, password, what they may do
    api_key: str  # of the first company


def seed(outside: Outside, key_file: Path) -> Seeded:
    """Add what is missing. `key_file` keeps the API key, of which the database has only a hash."""
    tenants = [add_company(company) for company in COMPANIES]
    add_people(tenants)
    for company, tenant in zip(COMPANIES, tenants, strict=True):
        with tenant_scope(tenant):
            connect(tenant, company.sender, outside)
            add_messages(tenant)
            add_workflows(tenant)
            add_orders(tenant)
            add_records(tenant)
    people = tuple((person.name, person.name, person.may) for person in PEOPLE)
    return Seeded(people, usable_key(tenants[0], key_file))
