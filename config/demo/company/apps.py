"""The demo companies' records."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompanyConfig(AppConfig):
    """Signups, invoices, payments, refunds and products."""

    name = "config.demo.company"
    label = "company"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Records of the demo")
