"""The page on which people choose the language and the clock by which they read."""

from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models.user import User

# Each in its own words: who reads no other must find it.
LANGUAGES: Final = (("en", "English"), ("ar", "العربية"))
# The other names are older ones of the same places, or places where nobody lives.
_REGIONS: Final = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)


class OwnSettingsForm(forms.ModelForm):
    """What a person chooses for nobody else."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("The language of the browser")), *LANGUAGES],
        required=False,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("Times on pages are shown in it. Workflows go by the company's."),
    )

    class Meta:
        model = User
        fields = ("language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.instance.time_zone
        # What an administrator has written stays choosable.
        known = _zones() if own in ("", *_zones()) else (*_zones(), own)
        field: Any = self.fields["time_zone"]
        field.choices = [("", _("The company's")), *((name, name) for name in known)]


def own_settings(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the reader's own settings, and save them."""
    # A copy: the page around a form with mistakes goes by what is stored.
    reader: Any = request.user
    person = User.objects.get(pk=reader.pk)
    form = OwnSettingsForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        with translation.override(person.language or translation.get_language()):
            messages.success(request, gettext("Saved. Every page is shown so from now on."))
        return HttpResponseRedirect(request.path)
    context = {**site.each_context(request), "title": gettext("My settings"), "form": form}
    return TemplateResponse(request, "admin/tenants/own_settings.html", context)


@cache
def _zones() -> tuple[str, ...]:
    named = {name for name in available_timezones() if name.partition("/")[0] in _REGIONS}
    return ("UTC", *sorted(named))
