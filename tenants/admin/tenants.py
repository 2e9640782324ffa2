"""Companies."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.admin.superusers import SuperusersOnly
from tenants.core.text.listing import bare
from tenants.core.validators import validate_address_or_domain
from tenants.models.tenant import Tenant

MAX_ADDRESSES: Final = 200


class AddressesField(SimpleArrayField):
    """Addresses and domains, one a line; commas between them are taken as well."""

    widget = forms.Textarea(attrs={"rows": 4, "dir": "ltr", "class": "vLargeTextField"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, delimiter="\n", **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return what stands in the lines, each once. Raises ValidationError."""
        if isinstance(value, str):
            parts = value.replace(",", "\n").replace(";", "\n").splitlines()
            lines = dict.fromkeys(bare(part).strip() for part in parts if part.strip())
            for line in lines:
                validate_address_or_domain(line)  # here, since a list's own message loses it
            value = "\n".join(lines)
        return super().to_python(value)


@admin.register(Tenant)
class TenantsAdmin(SuperusersOnly, admin.ModelAdmin):
    """Superusers make companies; nobody deletes one with all its history here."""

    list_display = ("name", "key", "country", "time_zone", "currency", "is_running")
    search_fields = ("name", "key")
    ordering = ("name",)
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "key")}),
        (_("Approvals"), {"fields": ("approver_addresses",)}),
        (_("How it writes"), {"fields": ("language", "country", "currency", "time_zone")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let people write one address a line."""
        if db_field.name == "approver_addresses":
            return AddressesField(
                db_field.base_field.formfield(),
                label=capfirst(db_field.verbose_name),
                help_text=db_field.help_text,
                required=False,
                max_length=MAX_ADDRESSES,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("running"), boolean=True)
    def is_running(self, tenant: Tenant) -> bool:
        """Whether its workflows start."""
        return tenant.paused_at is None
