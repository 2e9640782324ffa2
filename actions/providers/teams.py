"""The documented answers of Teams: of flows of Power Automate, and of the connectors before them.

A flow answers with a status and, mostly, a code in JSON. A step fails with `http_` and the status
then, as with any other server; the code here gives the sentence. A connector answered 200 and wrote
the status that Teams had given it into the text: its number is the code here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.providers.answers import Documented, Meaning, table

OAUTH: Final = "https://learn.microsoft.com/en-us/power-automate/oauth-authentication"
TRIGGER: Final = "https://learn.microsoft.com/en-us/azure/connectors/connectors-native-reqres"
ENDPOINT: Final = "https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-http-endpoint"
LIMITS: Final = "https://learn.microsoft.com/en-us/power-automate/limits-and-config"
CONNECTORS: Final = (
    "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/"
    "connectors-using"
)

_FLOW_OFF: Final = _(
    "The flow in Teams is switched off or was deleted. Switch it on in the app “Workflows”, or"
    " enter the address of a new one in the connection."
)
_FLOW_GONE: Final = _(
    "There is no flow at the address. Copy it again from the app “Workflows” in Teams into the"
    " connection. It says: %(answer)s"
)
_ANYONE: Final = _(
    "The flow does not take calls from outside. In its first step let “Anyone” trigger it, save,"
    " and copy the address again into the connection: it changes with that."
)
_BAD_SIGNATURE: Final = _(
    "The address in the connection is not the flow's, or not whole: it ends with a signature"
    " (sig=…). Copy it again from the app “Workflows” in Teams. It says: %(answer)s"
)
_NOT_ALLOWED: Final = _(
    "The flow does not let this server call it. Look who may trigger it, and whether its owner"
    " still has the rights. It says: %(answer)s"
)
_OTHER_SHAPE: Final = _(
    "The flow expects other data. Its first step has to be “When a Teams webhook request is"
    " received”, without a schema of its own. It says: %(answer)s"
)
_NOT_READ: Final = _(
    "Teams does not take the message in the form in which it is sent. Look at the flow in the app"
    " “Workflows”: what its last run says. It says: %(answer)s"
)
_TOO_LARGE: Final = _("The message is too large for Teams. Shorten the text in the step.")
_TOO_FAST: Final = _("Teams takes no more messages for now: too many were sent.")
_OUT_OF_ORDER: Final = _("Teams is out of order for the moment.")
_LEFT_OPEN: Final = _(
    "Teams had an error of its own, and may have posted the message all the same. Look into the"
    " channel before you send it again. It says: %(answer)s"
)
_WAITED: Final = _(
    "The flow was started and did not answer in time; it may have posted the message all the same."
    " Look into the channel before you send it again. Its first step should answer at once."
)
_CHANNEL_GONE: Final = _(
    "The connector of the channel was removed or has been retired. Make a flow in the app"
    " “Workflows” in Teams, and enter its address in the connection. It says: %(answer)s"
)

_TEMPORARY, _UNCLEAR = Meaning.TEMPORARY, Meaning.UNCLEAR
_REFUSED, _ACCOUNT = Meaning.REFUSED, Meaning.ACCOUNT

# Status, meaning, sentence, source, the codes in `error.code` of the body.
_FLOWS: Final[tuple[tuple[int, Meaning, Any, str, str], ...]] = (
    (400, _ACCOUNT, _FLOW_OFF, ENDPOINT, "WorkflowTriggerIsNotEnabled WorkflowDisabled"),
    (400, _REFUSED, _OTHER_SHAPE, TRIGGER, "TriggerInputSchemaMismatch InvalidRequestContent"),
    (401, _ACCOUNT, _ANYONE, OAUTH, "DirectApiAuthorizationRequired MisMatchingOAuthClaims"),
    (
        401,
        _ACCOUNT,
        _BAD_SIGNATURE,
        ENDPOINT,
        "AuthorizationFailed InvalidAuthorization DirectApiInvalidAuthorizationScheme",
    ),
    (403, _ACCOUNT, _NOT_ALLOWED, OAUTH, "Forbidden AuthorizationPermissionMismatch"),
    (404, _ACCOUNT, _FLOW_GONE, ENDPOINT, "WorkflowNotFound WorkflowTriggerNotFound NotFound"),
    (413, _REFUSED, _TOO_LARGE, LIMITS, "RequestEntityTooLarge ContentTooLarge"),
    (
        429,
        _TEMPORARY,
        _TOO_FAST,
        LIMITS,
        "TooManyRequests WorkflowTriggerRequestThrottled RequestThrottled",
    ),
    (502, _UNCLEAR, _WAITED, ENDPOINT, "NoResponse BadGateway"),
    (504, _UNCLEAR, _WAITED, TRIGGER, "GatewayTimeout ActionResponseTimedOut ResponseTimeout"),
    (500, _UNCLEAR, _LEFT_OPEN, LIMITS, "InternalServerError"),
    (503, _TEMPORARY, _OUT_OF_ORDER, LIMITS, "ServiceUnavailable ServerTimeout"),
)
# The same without a code that is known.
_STATUSES: Final[tuple[tuple[int, Meaning, Any], ...]] = (
    (400, _REFUSED, _NOT_READ),
    (401, _ACCOUNT, _ANYONE),
    (403, _ACCOUNT, _NOT_ALLOWED),
    (404, _ACCOUNT, _FLOW_GONE),
    (408, _TEMPORARY, _OUT_OF_ORDER),
    (410, _ACCOUNT, _CHANNEL_GONE),
    (413, _REFUSED, _TOO_LARGE),
    (429, _TEMPORARY, _TOO_FAST),
    (500, _UNCLEAR, _LEFT_OPEN),
    (502, _UNCLEAR, _LEFT_OPEN),
    (503, _TEMPORARY, _OUT_OF_ORDER),
    (504, _UNCLEAR, _WAITED),
)
# What Teams gave a connector, which passed it on in a text.
_CARRIED: Final[tuple[tuple[int, Meaning, Any], ...]] = (
    (400, _REFUSED, _NOT_READ),
    (403, _ACCOUNT, _CHANNEL_GONE),
    (404, _ACCOUNT, _CHANNEL_GONE),
    (408, _TEMPORARY, _OUT_OF_ORDER),
    (410, _ACCOUNT, _CHANNEL_GONE),
    (412, _REFUSED, _NOT_READ),
    (413, _REFUSED, _TOO_LARGE),
    (429, _TEMPORARY, _TOO_FAST),
    (500, _UNCLEAR, _LEFT_OPEN),
    (502, _UNCLEAR, _LEFT_OPEN),
    (503, _TEMPORARY, _OUT_OF_ORDER),
    (504, _UNCLEAR, _LEFT_OPEN),
)


def _rows() -> Iterator[Documented]:
    for status, meaning, sentence, source, codes in _FLOWS:
        for code in codes.split():
            yield Documented(code, meaning, f"http_{status}", sentence, source, status=status)
    for status, meaning, sentence in _STATUSES:
        code = f"http_{status}"
        yield Documented(code, meaning, code, sentence, ENDPOINT, status=status)
    for status, meaning, sentence in _CARRIED:
        failure = "teams_busy" if meaning in {_TEMPORARY, _UNCLEAR} else "teams_refused"
        yield Documented(
            str(status),
            meaning,
            failure,
            sentence,
            CONNECTORS,
            said=f"Microsoft Teams endpoint returned HTTP error {status}",
            status=200,
        )


ANSWERS: Final[Mapping[str, Documented]] = table(_rows())


def code_of_flow(status: int, body: Any) -> str:
    """Return the code under which an answer of a flow stands in the table, if it does."""
    error = body.get("error") if isinstance(body, dict) else None
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    known = ANSWERS.get(code)
    return code if known and known.failure == f"http_{status}" else f"http_{status}"
