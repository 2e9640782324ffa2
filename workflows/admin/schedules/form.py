"""The form of a schedule: what is wrong with its times is said at the field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.base import TenantForm
from tenants.core.text.listing import bare
from tenants.models.tenant import Tenant, validate_time_zone
from workflows.admin.schedules.payload import PayloadField, PayloadWidget
from workflows.admin.schedules.picker import TimetableField
from workflows.admin.trigger_fields import TriggerForm, trigger_form
from workflows.models.schedule import MissedPolicy, WorkflowSchedule
from workflows.services.schedules.firing import listeners_of


class ScheduleForm(TenantForm):
    """Refuses times that nobody could read, or that never come."""

    cron = TimetableField(label=_("When"))
    payload = PayloadField(
        floats=True,
        label=_("What it sends along"),
        required=False,
        widget=PayloadWidget(),
        help_text=_(
            "Optional: what the workflows that it starts can use. The time itself is added."
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
        exclude: Any = ()  # the admin names the fields
        widgets = {
            "event_type": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
            "time_zone": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
        }
        help_texts = {
            "event_type": _(
                "The name of an event, for example daily_report. Every active workflow that starts "
                "on this event starts at these times."
            ),
            "time_zone": _(
                "For example Asia/Riyadh. Empty: the clock of the company, also if that changes."
            ),
            "is_active": _("Switched off, it does nothing. Switched on, its times count from now."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant = self._tenant()
        if "cron" in self.fields:
            times: Any = self.fields["cron"]
            times.initial = self.initial.get("cron")
            times.country = tenant.country if tenant else times.country
        if "payload" in self.fields:
            sends: Any = self.fields["payload"].widget
            sends.form_for = self._sends
        if "key" in self.fields:
            self.fields["key"].required = False
            self.fields["key"].help_text = _(
                "Short name; runs say who started them with it. Empty: made from the name."
            )

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

    def _tenant(self) -> Tenant | None:
        """Return the company, if it is known by now."""
        if self.instance.tenant_id:
            return self.instance.tenant  # type: ignore[no-any-return]  # a foreign key
        field: Any = self.fields.get("tenant")
        chosen = self.data.get(self.add_prefix("tenant")) or (field and field.initial)
        try:
            return field.queryset.filter(pk=chosen).first() if field and chosen else None
        except ValidationError:
            return None

    @property
    def has_fields_to_send(self) -> bool:
        """Whether something is known that the workflows could use."""
        return bool(self._sends(None).fields)

    @property
    def key_of_schedule(self) -> Any:
        """Which schedule it is, for the page of its workflow."""
        return "new" if self.instance._state.adding else self.instance.pk

    def _sends(self, data: Any) -> TriggerForm:
        """Return a form of the values that it sends along."""
        event_type = (data or {}).get(self.add_prefix("event_type")) or self.instance.event_type
        documents = [one.definition for one in listeners_of(self.instance)]
        payload = self.instance.payload or {}
        return trigger_form([event_type], documents, payload, data, self.add_prefix("sends"))

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
