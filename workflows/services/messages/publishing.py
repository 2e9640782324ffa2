"""A message's draft and its versions: steps send what is published, whoever writes meanwhile."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from actions.mail.formatted import formatted
from actions.models.message_template import MessageTemplate, MessageTemplateVersion
from tenants.models.tenant import Tenant

Content = Mapping[str, Any]
# A draft, whose it is, and of when.
KeptDraft = tuple[Content | None, str, datetime | None]
NO_DRAFT: KeptDraft = (None, "", None)


class SavedMeanwhile(Exception):
    """Somebody saved or published the message since the person opened it."""

    def __init__(self, template: MessageTemplate) -> None:
        super().__init__("the message was saved meanwhile")
        self.template = template


def edited(template: MessageTemplate) -> Content:
    """Return what people edit: the draft, or else what is published."""
    return template.draft if isinstance(template.draft, dict) else template.content


def composed(content: Content) -> dict[str, Any]:
    """Make text and HTML of the formatted text, in each language that has one."""
    made = _parts_made(dict(content), str(content.get("language") or ""))
    others = made.get("translations")
    made["translations"] = {
        language: _parts_made(dict(said), language)
        for language, said in (others.items() if isinstance(others, dict) else ())
        if isinstance(said, dict)
    }
    return made


def make_template(tenant: Tenant, actor: str, **values: Any) -> MessageTemplate:
    """Make a message and publish it at once: one that comes with a ready workflow."""
    template = MessageTemplate(tenant=tenant, version=0, **values)
    return publish(template, actor, composed(template.content))


def save_draft(
    template: MessageTemplate, actor: str, content: Content, seen: int | None = None
) -> MessageTemplate:
    """Keep `content` as the draft. What is published stays as it is.

    Name and the like are taken from `template`. `seen` is the revision that the person opened.
    Raises SavedMeanwhile.
    """
    with transaction.atomic():
        stored = _locked(template, seen)
        # Stored as JSON, and compared as such: a list there is no tuple here.
        template.draft = None if stored.version and _same(content, stored.content) else content
        template.drafted_by, template.drafted_at = actor, timezone.now()
        template.version = stored.version
        template.with_content(stored.content if stored.version else content)
        _save(template, stored)
    return template


def publish(
    template: MessageTemplate,
    actor: str,
    content: Content,
    seen: int | None = None,
    draft: KeptDraft = NO_DRAFT,
) -> MessageTemplate:
    """Make `content` what steps send from now on, as a new version. Raises SavedMeanwhile.

    `draft` is what people go on writing, if that is something else than what they publish.
    """
    with transaction.atomic():
        stored = _locked(template, seen)
        is_same = bool(stored.version) and _same(content, stored.content)
        template.draft, template.drafted_by, template.drafted_at = draft
        template.with_content(content)
        template.version = stored.version + (0 if is_same else 1)
        if stored.version and not is_same:
            _keep_first(stored)
        _save(template, stored)
        if not is_same:
            _keep(template, template.version, template.content, actor)
    return template


def discard_draft(template: MessageTemplate) -> None:
    """Forget the draft. A message that was never published has nothing else, and keeps it."""
    if template.version:
        with transaction.atomic():
            stored = _locked(template, None)
            template.with_content(stored.content)
            template.draft, template.drafted_by, template.drafted_at = NO_DRAFT
            _save(template, stored)


def versions_of(template: MessageTemplate) -> Sequence[MessageTemplateVersion]:
    """Return what was published, the newest first.

    What is published from before there were versions is the first of them, kept nowhere yet.
    """
    kept = list(template.versions.order_by("-version"))
    if not kept and template.version:
        kept = [_first(MessageTemplate.objects.get(pk=template.pk))]
    return kept


def _parts_made(said: dict[str, Any], language: str) -> dict[str, Any]:
    # A browser ends lines in two characters, and a form takes the last one away: no change of text.
    for name in ("body", "text", "html"):
        said[name] = str(said.get(name) or "").replace("\r\n", "\n").rstrip()
    if said.get("body"):
        made = formatted(str(said["body"]), language)
        said |= {"text": made.text, "html": made.html}
    return said


def _locked(template: MessageTemplate, seen: int | None) -> MessageTemplate:
    """Return the stored row, locked; one that is not stored yet as it comes."""
    if template._state.adding:
        return MessageTemplate(version=0)
    stored = MessageTemplate.objects.select_for_update().get(pk=template.pk)
    if seen is not None and stored.revision != seen:
        raise SavedMeanwhile(stored)
    return stored


def _save(template: MessageTemplate, stored: MessageTemplate) -> None:
    template.revision = stored.revision + 1
    template.save()


def _same(left: Content, right: Content) -> bool:
    return all(left.get(name) == value for name, value in right.items())


def _keep_first(stored: MessageTemplate) -> None:
    """Keep what was published before there were versions, so that people can go back to it."""
    if not stored.versions.exists():
        _first(stored).save()


def _first(stored: MessageTemplate) -> MessageTemplateVersion:
    by = f"user:{stored.updated_by.get_username()}" if stored.updated_by else ""
    return MessageTemplateVersion(
        tenant_id=stored.tenant_id,
        template=stored,
        version=stored.version,
        content=stored.content,
        published_by=by,
        published_at=stored.updated_at,
    )


def _keep(template: MessageTemplate, version: int, content: Content, actor: str) -> None:
    MessageTemplateVersion.objects.create(
        tenant_id=template.tenant_id,
        template=template,
        version=version,
        content=content,
        published_by=actor,
    )
