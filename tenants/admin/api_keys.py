"""Keys with which other applications fire events and read runs."""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.admin.base import TenantAdmin, TenantForm
from tenants.admin.lists import TenantFilter
from tenants.admin.offered import OfferedList
from tenants.core.text.listing import listed
from tenants.core.values.times import short_moment
from tenants.key_rights import lost_scopes, scopes_of, with_maker_role
from tenants.models.api_key import ApiKey, KeyScope, every_scope

# The library's own have no translation.
OUR_WORDS: Final = {
    "name": (_("Name"), _("What it is for: the name of the application, for example.")),
    "expiry_date": (_("Expires"), _("From then on the key opens nothing. Empty: never.")),
}


# Of a made key.
SHOWN: Final = (
    "tenant",
    "called",
    "may",
    "maker",
    "expires",
    "shown_prefix",
    "state",
    "made",
    "last_used_at",
)


class RevokedFilter(admin.BooleanFieldListFilter):
    """Whether keys are revoked, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("revoked")


class ScopesField(forms.MultipleChoiceField):
    """What a key may do, to be ticked."""

    widget = forms.CheckboxSelectMultiple


class ApiKeyForm(TenantForm):
    """A key that decides is named by questions, so its name has to be its own."""

    def clean(self) -> Any:
        """Refuse a name that another key has, or had. Raises ValidationError."""
        given = super().clean()
        is_decider = KeyScope.DECIDE_APPROVALS in given.get("scopes", ())
        named = ApiKey.objects.filter(tenant=given.get("tenant"), name=given.get("name"))
        if is_decider and named.exists():
            said = gettext("Another key has this name, or had it. One that decides needs its own.")
            self.add_error("name", said)
        return given


class KeyList(OfferedList):
    """The list of keys. Each is at the address of its beginning: its primary key holds the hash."""

    def url_for_result(self, result: Any) -> str:
        """Return the address of a key's page."""
        return reverse("admin:tenants_apikey_change", args=[result.prefix])


@admin.register(ApiKey)
class ApiKeyAdmin(TenantAdmin):
    """A key is made, shown once, and revoked. It is never changed."""

    list_display = ("called", "shown_prefix", "may", "made", "last_used_at", "state")
    list_filter = (TenantFilter, ("revoked", RevokedFilter))
    search_fields = ("name", "prefix")
    ordering = ("-created",)
    form = ApiKeyForm
    fields = ("tenant", "name", "scopes", "expiry_date")
    actions: Any = ("revoke", "take_over")
    when_empty = _(
        "No keys yet. Another application needs one to fire events here: add a key, "
        "and copy it from the message that follows."
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operations only: support does not need to know the doors."""
        return self._may_edit(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Operations only."""
        return access.may_edit_somewhere(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a key; revoking is an action of the list, open to Operations."""
        return obj is None and access.may_edit_somewhere(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OfferedList]:
        """Lead to each key by its beginning."""
        return KeyList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the key that begins so; addresses stand in logs of servers and in histories."""
        if "\x00" in object_id:
            return None
        return self.get_queryset(request).filter(prefix=object_id).first()

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log it under its beginning, which leads to its page."""
        return _logged_by_prefix(super().log_addition(request, obj, message), obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log it under its beginning, which leads to its page."""
        return _logged_by_prefix(super().log_change(request, obj, message), obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only keys of tenants in which the person may edit."""
        own = super().get_queryset(request).filter(tenant__in=access.tenants_edited(request))
        return with_maker_role(own)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a made key with its state."""
        return super().get_fields(request, obj) if obj is None else SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a made key, everything."""
        return () if obj is None else SHOWN

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let people tick what the key may do."""
        if db_field.name == "scopes":
            return ScopesField(
                label=capfirst(db_field.verbose_name),
                choices=KeyScope.choices,
                initial=every_scope,
                help_text=_(
                    "The key may do at most what you may. When you leave the company or may do "
                    "less there, so does the key, until somebody else takes it over."
                ),
            )
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in OUR_WORDS:
            field.label, field.help_text = OUR_WORDS[db_field.name]
        if db_field.name == "expiry_date":
            # Django writes these words beside the two boxes, but not as their names.
            for box, name in zip(field.widget.widgets, (_("Date"), _("Time")), strict=True):
                box.attrs["aria-label"] = name
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the key and show it, this once. What is done with it counts as its maker's doing."""
        obj.made_by = request.user
        key = ApiKey.objects.assign_key(obj)
        obj.save()
        text = gettext("This is the key. Copy it now: it is not stored, and cannot be shown again.")
        shown = format_html('{} <code class="sayr-key" dir="ltr">{}</code>', text, key)
        messages.warning(request, shown)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Offer one button: after it the key is shown on the list."""
        context = {"show_save_and_continue": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Go to the list, where the message with the key stands."""
        return HttpResponseRedirect(reverse("admin:tenants_apikey_changelist"))

    @admin.action(description=_("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        """Let nobody in with these keys any more."""
        keys = list(queryset.filter(revoked=False))
        for key in keys:
            key.revoked = True
            key.save(update_fields=["revoked"])
            self.log_change(request, key, gettext("Revoked."))
        messages.success(request, gettext("Keys revoked: %(count)s.") % {"count": len(keys)})

    @admin.action(
        description=_("Take the chosen keys over, whose makers left"), permissions=["change"]
    )
    def take_over(self, request: HttpRequest, queryset: Any) -> None:
        """Let keys go on that may not do any more what they were made for, as one's own."""
        keys = [key for key in queryset.filter(revoked=False) if lost_scopes(key)]
        for key in keys:
            key.made_by = request.user
            key.save(update_fields=["made_by"])
            self.log_change(request, key, gettext("Taken over."))
        if not keys:
            said = gettext("None of these needs it: their makers may still do what the keys do.")
            messages.warning(request, said)
            return
        said = gettext("Keys taken over: %(count)s. What is done with them counts as your doing.")
        messages.success(request, said % {"count": len(keys)})

    @admin.display(description=_("name"))
    def called(self, key: Any) -> str:
        """Return its name."""
        return str(key.name)

    @admin.display(description=_("created"))
    def made(self, key: Any) -> str:
        """Return since when there is the key."""
        return _moment(key.created)

    @admin.display(description=_("Expires"))
    def expires(self, key: Any) -> str:
        """Return from when on it opens nothing."""
        return _moment(key.expiry_date) if key.expiry_date else gettext("never")

    @admin.display(description=_("begins with"))
    def shown_prefix(self, key: Any) -> str:
        """Return the part by which a key is recognised."""
        return format_html("<bdi>{}…</bdi>", key.prefix)

    @admin.display(description=pgettext_lazy("what a key is good for", "may"))
    def may(self, key: Any) -> str:
        """Return what the key is good for."""
        labels = dict(KeyScope.choices)
        return listed(labels.get(scope, scope) for scope in key.scopes)

    @admin.display(description=_("made by"))
    def maker(self, key: Any) -> str:
        """Return who made it, or took it over: it may do at most what they may."""
        if key.made_by is None:
            return gettext("Nobody whom this installation knows")
        name = format_html(
            "<bdi>{}</bdi>", (key.made_by.get_full_name() or key.made_by.get_username())
        )
        rule = gettext("The key may do at most what this person may in the company.")
        return format_html('{}<span class="sayr-below">{}</span>', name, rule)

    @admin.display(description=_("state"))
    def state(self, key: Any) -> str:
        """Return whether it still opens the door."""
        if key.revoked:
            return gettext("Revoked")
        if key.has_expired:
            return gettext("Expired")
        lost, labels = lost_scopes(key), dict(KeyScope.choices)
        if not lost:
            return gettext("Valid")
        if not scopes_of(key):
            said = gettext("Opens nothing: %(person)s, who made it, may do nothing here any more.")
        else:
            said = gettext("Not any more: %(scopes)s. %(person)s, who made it, may not do that.")
        words = {
            "person": (key.made_by.get_full_name() or key.made_by.get_username()),
            "scopes": listed(labels[one] for one in KeyScope if one in lost),
        }
        hint = gettext("Somebody of Operations can take it over, by the action of the list.")
        return f"{said % words} {hint}"


def _logged_by_prefix(entry: Any, key: ApiKey) -> Any:
    entry.object_id = key.prefix
    entry.save(update_fields=["object_id"])
    return entry


def _moment(moment: datetime) -> str:
    return short_moment(moment)
