"""Finding the message template a step sends."""

from actions.errors import PermanentFailure
from actions.models.message_template import Channel, MessageTemplate
from actions.remembered import remembered
from actions.spec import ActionContext


def find_template(context: ActionContext, channel: Channel, key: str) -> MessageTemplate:
    """Return the tenant's template. Raises PermanentFailure."""
    asked = ("template", context.tenant.id, channel, key)
    return remembered(asked, lambda: _found(context, channel, key))


def _found(context: ActionContext, channel: Channel, key: str) -> MessageTemplate:
    rows = MessageTemplate.objects.of(context.tenant.id).published().for_channel(channel)
    template = rows.filter(key=key).defer("draft").first()
    if template is None:
        raise PermanentFailure("template_unknown", template=key, channel=channel.value)
    return template
