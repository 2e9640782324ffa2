"""What every table of workflows has in common."""

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import BigIntegerField, Func
from django.utils.translation import gettext_lazy as _

from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.models.tenant import Tenant

M = TypeVar("M", bound=models.Model)


class TenantQuerySet(models.QuerySet[M, M]):
    """A question that always names whose rows it is about."""

    def of(self, tenant: Tenant) -> Self:
        """Only `tenant`'s rows."""
        return self.filter(tenant=tenant)


class TenantManager(models.Manager[M]):
    """Asks such questions of all rows."""

    def get_queryset(self) -> TenantQuerySet[M]:
        """Return all rows."""
        return TenantQuerySet(self.model, using=self._db)

    def of(self, tenant: Tenant) -> TenantQuerySet[M]:
        """Only `tenant`'s rows."""
        return self.get_queryset().of(tenant)


class TenantModel(models.Model):
    """A row of one tenant, with a time-ordered id."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    # The indexes that begin with the tenant are named by each table, so no second one here.
    tenant: Any = models.ForeignKey(
        Tenant, models.PROTECT, related_name="+", db_index=False, verbose_name=_("tenant")
    )

    class Meta:
        abstract = True


class NextArrival(Func):
    """The next number. Clocks of hosts differ, and so do the ids that they make."""

    function = "nextval"
    template = "nextval('workflow_run_arrivals')"
    arity = 0
    output_field = BigIntegerField()
