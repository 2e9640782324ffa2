"""The tenants app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """People, tenants and their records."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("People and records")

    def ready(self) -> None:
        """Let every row be read, whatever moments it holds, and names be asked anew."""
        from tenants.core.values.moments import bound_all
        from tenants.people import forget_when_people_change

        bound_all()
        forget_when_people_change()
