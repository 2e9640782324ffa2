"""The form of a schedule: what is wrong with its times is said at the field."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.base import TenantForm
from tenants.core.json import jsontext, strict_json
from tenants.core.json.faults import BadJson, JsonFault
from tenants.core.text.listing import bare
from tenants.models.tenant import validate_time_zone
from workflows.admin.json_field import JsonField
from workflows.admin.schedules.words import problem_words
from workflows.models.schedule import MissedPolicy, WorkflowSchedule
from workflows.presentation.json_faults import said_of
from workflows.services.schedules.cron import Cron, UnreadableCron

_NOT_STORED: Final = {
    JsonFault.NOT_FINITE,
    JsonFault.NUMBER_TOO_LONG,
    JsonFault.NUL_CHARACTER,
    JsonFault.LONE_SURROGATE,
}


class PayloadField(JsonField):
    """What a schedule sends along; nothing is written as nothing."""

    def prepare_value(self, value: Any) -> Any:
        """Show JSON."""
        return value if isinstance(value, str) else jsontext.readable(value or {})

    def clean(self, value: Any) -> Any:
        """Return the payload. Raises ValidationError."""
        try:
            payload = super().clean(value) if (value or "").strip() else {}
            strict_json.check(payload)  # the floats that a column keeps may be longer
        except ValidationError as wrong:
            if wrong.code in _NOT_STORED:
                said = gettext("This holds numbers or characters that cannot be stored.")
                raise ValidationError(f"{said} {wrong.messages[0]}", code=wrong.code) from None
            raise
        except BadJson as wrong:
            raise ValidationError(said_of(wrong), code=wrong.fault) from None
        return payload

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare values: the same one is written in many ways."""
        try:
            return bool(self.clean(data) != (initial or {}))
        except ValidationError:
            return True


class ScheduleForm(TenantForm):
    """Refuses times that nobody could read, or that never come."""

    payload = PayloadField(
        floats=True,
        label=_("What it sends along"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "ltr", "class": "vLargeTextField"}),
        help_text=_(
            "Optional, as JSON. Steps read it, for example {{ trigger.report }} of "
            '{"report": "sales"}. The time itself is added as {{ trigger.scheduled_at }}.'
        ),
    )
    missed_policy = forms.ChoiceField(
        label=_("Times that were missed"),
        choices=MissedPolicy.choices,
        initial=MissedPolicy.LATEST,
        help_text=_(
            "What to do about times that passed while no worker was running. A minute is not late."
        ),
    )

    class Meta:
        model = WorkflowSchedule
        exclude = ()  # the admin names the fields
        widgets = {
            "event_type": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
            "cron": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
            "time_zone": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
        }
        help_texts = {
            "event_type": _(
                "The name of an event, for example daily_report. Every active workflow that starts "
                "on this event starts at these times."
            ),
            "cron": _(
                "Five parts: minute, hour, day of the month, month, day of the week (0 is Sunday; "
                "names like SUN and ranges like SAT-THU are understood). "
                "0 8 * * * is every day at 08:00. 30 9 * * 0-4 is 09:30 from Sunday to Thursday, "
                "for a weekend of Friday and Saturday. 0 9 1 * * is the first of every month at "
                "09:00. */15 * * * * is every 15 minutes. When the clocks change, a time that does "
                "not exist is done at the change, and one that comes twice is done once."
            ),
            "time_zone": _(
                "For example Asia/Riyadh. Empty: the clock of the company, also if that changes."
            ),
            "is_active": _("Switched off, it does nothing. Switched on, its times count from now."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" in self.fields:
            self.fields["key"].required = False
            self.fields["key"].help_text = _(
                "Short name; runs say who started them with it. Empty: made from the name."
            )

    def clean_cron(self) -> str:
        """Refuse what cannot be read."""
        text = " ".join(bare(self.cleaned_data["cron"]).split())
        try:
            return Cron.read(text).as_stored(text)
        except UnreadableCron as trouble:
            raise ValidationError(problem_words(trouble)) from None

    def clean_time_zone(self) -> str:
        """Refuse an unknown zone; none is the tenant's."""
        name: str = bare(self.cleaned_data["time_zone"]).strip()
        if name:
            validate_time_zone(name)
        return name

    def clean_payload(self) -> Any:
        """Refuse a payload without names."""
        payload = self.cleaned_data["payload"]
        if not isinstance(payload, dict):
            raise ValidationError(gettext('Write it with names, like this: {"report": "sales"}.'))
        return payload

    def clean(self) -> Any:
        """Fill in an empty key."""
        values = super().clean()
        if "key" in self.fields and not values.get("key"):
            # A name in Arabic leaves nothing: then the event serves.
            made = slugify(values.get("name", "")) or slugify(values.get("event_type", ""))
            values["key"] = made[:100] or "schedule"
        return values

    @property
    def is_moved(self) -> bool:
        """Whether its times are other ones now."""
        return bool({"cron", "time_zone", "is_active"} & set(self.changed_data))
