"""The documented answers of Slack's chat.postMessage, of status 200 with "ok": false.

What comes with another status is told by the status. A code that stands in no row is refused, with
Slack's own words.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.providers.answers import Documented, Meaning, table

SOURCE: Final = "https://docs.slack.dev/reference/methods/chat.postMessage#errors"
# Errors that older issues of that page list, and that still come.
OLDER: Final = "https://github.com/slack-ruby/slack-api-ref/blob/master/methods/chat"

_TOO_FAST: Final = _("Slack takes no more messages for now: too many were sent.")
_SPENT: Final = _(
    "The workspace has sent as many messages as Slack allows it for now. If this happens often,"
    " look at the workspace's plan."
)
_OUT_OF_ORDER: Final = _("Slack is out of order for the moment.")
_CUT_OFF: Final = _("Only a part of the message reached Slack, which posted nothing.")
_MOVING: Final = _(
    "The workspace is just being moved into an organisation of Slack, and takes nothing until that"
    " is done."
)
_LEFT_OPEN: Final = _(
    "Slack had an error of its own, and may have posted the message all the same. Look into the"
    " channel before you send it again. It says: %(answer)s"
)
_NO_CHANNEL: Final = _(
    "Slack has no channel “%(channel)s”, or the app does not see it. Check the name; into a private"
    " channel the app has to be invited."
)
_NOT_INVITED: Final = _(
    "The app is not in the channel “%(channel)s”. Invite it: write /invite and its name there."
)
_ARCHIVED: Final = _(
    "The channel “%(channel)s” is archived. Bring it back in Slack, or choose another in the step."
)
_BAD_TOKEN: Final = _(
    "Slack does not accept the token, or not from the address of this server. Enter it again in"
    " the connection: it begins with “xoxb-”."
)
_TOKEN_GONE: Final = _(
    "The token is no longer valid: it has run out, or the app was removed from the workspace."
    " Install the app again, and enter the new token in the connection."
)
_SCOPE: Final = _(
    "The app lacks a right. Slack wants: %(needed)s; the app has: %(provided)s. Add it under"
    " “OAuth & Permissions”, install the app again, and enter the new token in the connection."
)
_NOT_ALLOWED: Final = _(
    "The app may not post there. Make it a member of the channel, and let an administrator of the"
    " workspace check what apps may do. Slack says: %(answer)s"
)
_PREFERENCE: Final = _(
    "A setting of the workspace keeps the app from posting. Ask an administrator of the workspace"
    " to allow it."
)
_FORBIDDEN: Final = _(
    "The administrators of the workspace do not allow messages there. Ask them, or choose another"
    " channel in the step. Slack says: %(answer)s"
)
_WRONG_ACCOUNT: Final = _(
    "Slack does not let this app or its token post at all. Ask an administrator of the workspace."
    " Slack says: %(answer)s"
)
_WRONG_TOKEN: Final = _(
    "This kind of token cannot post messages. Enter the bot's token in the connection: it begins"
    " with “xoxb-”."
)
_READ_ONLY: Final = _(
    "The channel takes no messages of this kind: it is read-only, or takes threads or no threads"
    " only. Choose another in the step. Slack says: %(answer)s"
)
_WANTS_ID: Final = _(
    "Slack wants the channel's id instead of its name. Copy it in Slack from the channel's details"
    " (it begins with C) into the step or the connection."
)
_MESSAGES_OFF: Final = _(
    "The app takes no direct messages. Switch on “Messages Tab” under “App Home” of the app, or"
    " choose a channel."
)
_TOO_LONG: Final = _(
    "The message is too long for Slack. Shorten the text in the step. Slack says: %(answer)s"
)
_EMPTY: Final = _("The message has no text. Look at the values in it, or give them a default.")
_SHARING_OFF: Final = _(
    "The administrators do not allow what the message shares to be shared with other companies."
    " Take the link out, or choose another channel."
)
_NOT_READ: Final = _(
    "Slack does not take the message in the form in which it is sent. Tell a developer."
    " Slack says: %(answer)s"
)

_TEMPORARY, _UNCLEAR = Meaning.TEMPORARY, Meaning.UNCLEAR
_REFUSED, _ACCOUNT = Meaning.REFUSED, Meaning.ACCOUNT
_BUSY, _CHANNEL = "slack_busy", "slack_channel_refused"
_ACCESS, _MESSAGE = "slack_access_refused", "slack_refused"

# Meaning, failure of the step, sentence, the codes.
_ROWS: Final[tuple[tuple[Meaning, str, Any, str], ...]] = (
    (_TEMPORARY, _BUSY, _TOO_FAST, "ratelimited rate_limited"),
    (_TEMPORARY, _BUSY, _SPENT, "message_limit_exceeded"),
    (_TEMPORARY, _BUSY, _OUT_OF_ORDER, "service_unavailable"),
    (_TEMPORARY, _BUSY, _CUT_OFF, "request_timeout"),
    (_TEMPORARY, _BUSY, _MOVING, "team_added_to_org org_login_required"),
    (_UNCLEAR, _BUSY, _LEFT_OPEN, "internal_error fatal_error"),
    (_REFUSED, _CHANNEL, _NO_CHANNEL, "channel_not_found"),
    (_REFUSED, _CHANNEL, _NOT_INVITED, "not_in_channel"),
    (_REFUSED, _CHANNEL, _ARCHIVED, "is_archived"),
    (_ACCOUNT, _ACCESS, _BAD_TOKEN, "invalid_auth not_authed"),
    (_ACCOUNT, _ACCESS, _TOKEN_GONE, "token_revoked token_expired account_inactive"),
    (_ACCOUNT, _ACCESS, _SCOPE, "missing_scope"),
    (_ACCOUNT, _ACCESS, _NOT_ALLOWED, "no_permission access_denied"),
    (_ACCOUNT, _ACCESS, _PREFERENCE, "restricted_action"),
    (_ACCOUNT, _MESSAGE, _FORBIDDEN, "ekm_access_denied"),
    (
        _ACCOUNT,
        _MESSAGE,
        _WRONG_ACCOUNT,
        "accesslimited enterprise_is_restricted team_access_not_granted two_factor_setup_required"
        " app_access_restricted agent_prompt_display_not_allowed",
    ),
    (_ACCOUNT, _MESSAGE, _WRONG_TOKEN, "not_allowed_token_type"),
    (
        _REFUSED,
        _MESSAGE,
        _READ_ONLY,
        "restricted_action_read_only_channel restricted_action_thread_only_channel"
        " restricted_action_non_threadable_channel restricted_action_thread_locked"
        " cannot_reply_to_message",
    ),
    (_REFUSED, _MESSAGE, _WANTS_ID, "team_not_found"),
    (_REFUSED, _MESSAGE, _MESSAGES_OFF, "messages_tab_disabled"),
    (
        _REFUSED,
        _MESSAGE,
        _TOO_LONG,
        "msg_blocks_too_long attachment_payload_limit_exceeded too_many_attachments"
        " too_many_contact_cards metadata_too_large",
    ),
    (_REFUSED, _MESSAGE, _EMPTY, "no_text"),
    (
        _REFUSED,
        _MESSAGE,
        _SHARING_OFF,
        "slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked"
        " slack_connect_lists_sharing_blocked",
    ),
    (
        _REFUSED,
        _MESSAGE,
        _NOT_READ,
        "as_user_not_supported deprecated_endpoint draft_already_deleted draft_already_sent"
        " draft_has_conflict draft_not_found duplicate_channel_not_found"
        " duplicate_message_not_found invalid_arg_name invalid_arguments invalid_array_arg"
        " invalid_blocks invalid_blocks_format invalid_charset invalid_form_data"
        " invalid_metadata_format invalid_metadata_schema invalid_post_type"
        " markdown_text_conflict metadata_must_be_sent_from_app method_deprecated"
        " missing_file_data missing_post_type",
    ),
)


def _rows() -> Iterator[Documented]:
    for meaning, failure, sentence, codes in _ROWS:
        for code in codes.split():
            yield Documented(code, meaning, failure, sentence, SOURCE, status=200)
    yield Documented("msg_too_long", _REFUSED, _MESSAGE, _TOO_LONG, OLDER, status=200)


ANSWERS: Final[Mapping[str, Documented]] = table(_rows())
