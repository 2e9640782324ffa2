"""A company that changes its time zone takes along the schedules that go by its clock."""

from typing import Any

from django.db.models.signals import post_save

from tenants.models.tenant import Tenant
from workflows.services.schedules.firing import follow_clock


def listen() -> None:
    post_save.connect(_follow, sender=Tenant, dispatch_uid="workflows.schedules")


def _follow(instance: Tenant, *, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    # A fixture may name a tenant before it brings its schedules: they come with their times.
    if not created and not raw:
        follow_clock(instance)
