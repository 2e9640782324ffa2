"""The one way into a tenant's rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from tenants.models.tenant import Tenant


@contextmanager
def tenant_scope(tenant: Tenant) -> Iterator[Tenant]:
    """Open the transaction in which `tenant`'s rows are read and written.

    Queries inside it filter by the tenant as well. When row-level security comes, this is the
    place that tells the database whose rows it may show, for the length of the transaction.
    """
    with transaction.atomic():
        yield tenant
