"""The tenants app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """People, tenants and their records."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("People and records")

    def ready(self) -> None:
        """Let every row be read, whatever moments it holds."""
        from tenants.core.values.moments import bound_all

        bound_all()
