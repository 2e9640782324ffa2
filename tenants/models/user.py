"""A person who logs in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import AddressField, NameField, ZoneField
from tenants.core.database.ids import DatabaseUUID7, uuid7


class User(AbstractUser):
    """Django's user, with the language and time zone in which this person reads pages."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        choices=[("en", _("English")), ("ar", _("Arabic"))],
    )
    time_zone = ZoneField(_("time zone"), max_length=64, blank=True)
    # Django's, less what stops a mail: names stand beside the address, and in lines of logs.
    first_name = NameField(_("first name"), max_length=150, blank=True)
    last_name = NameField(_("last name"), max_length=150, blank=True)
    email = AddressField(_("email address"), blank=True)

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]  # the stubs leave Meta out
        db_table = "users"
        verbose_name = _("user")
        verbose_name_plural = _("users")
