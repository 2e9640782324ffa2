"""What went wrong in a step, in a sentence for support staff: what happened and what to do."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.outbound.wording import of_answer
from actions.providers import smtp
from actions.providers.sentences import of_provider
from tenants.core.text.characters import shown
from tenants.core.text.listing import apart, listed
from tenants.core.text.phone_wording import why_no_phone

_BUSY = _("%(host)s answered %(status)s: it has trouble or too much to do. It says: %(answer)s")
_REFUSED = _(
    "%(host)s refused the request with status %(status)s. The same request would be refused again:"
    " change the step. It says: %(answer)s"
)
_ADVISED = _("%(advice)s It says: %(answer)s.")
# Of what was done for some: why not for each of the others.
OF_SOME: Final = frozenset({"mail_partly_refused", "mail_partly_deferred"})
_MAIL_FIELDS: Final[Mapping[str, Any]] = {
    "to": _("To"),
    "cc": _("Copy to"),
    "bcc": _("Hidden copy to"),
    "reply_to": _("Answers go to"),
    "from": _("From"),
}
_NO_MAIL_ADDRESS = _(
    "There is no mail address in “%(field)s”. Fill it in where it comes from, or take it out of the"
    " step."
)
_NAME_NEEDS_QUOTES = _(
    "“%(address)s” is not one mail address (field “%(field)s”): in the name is a sign that"
    " separates addresses. Put the name in quotes, in the step too if it takes the name from a"
    " record: %(quoted)s"
)
_MAY_HAVE_THE_MAIL = _(
    "It may have the mail all the same: ask whoever it is for before you send it again."
)
# Of a mail server that was not reached: what in the connection most likely is the reason.
UNREACHABLE: Final[Mapping[str, Any]] = {
    "name": _("There is no server of this name. Correct it in the connection."),
    "refused": _(
        "It takes no connection at this port. Check server and port in the connection, and whether"
        " the server runs."
    ),
    "certificate": _(
        "Its certificate is not for this name, or is not valid any more, so nothing was sent. Enter"
        " the name that the certificate has, or have whoever runs the server renew it."
    ),
    "encryption": _(
        "It does not speak TLS as the connection says. Check port and encryption in the connection."
    ),
}
_SWITCHED_OFF_BY = _("It was switched off by %(by)s on %(on)s.")
_OFF: Final = frozenset({"connection_off", "connection_all_off"})
_HUNG_UP: Final = frozenset({"mail_connection_lost", "mail_timed_out", "mail_server_unreachable"})
NOTHING: Final = "-"  # stands where a parameter says nothing
_AT_FAULT: Final = ("value", "phone", "address", "odd")  # what nobody sees in them is shown
_TEMPORARY_STATUSES: Final = (408, 425, 429, *range(500, 600))

SENTENCES: Final[Mapping[str, Any]] = {
    # Calling another server.
    **{f"http_{status}": _REFUSED for status in range(300, 500)},
    **{f"http_{status}": _BUSY for status in _TEMPORARY_STATUSES},
    "http_401": _(
        "%(host)s does not accept the credentials. Enter them again in the connection."
        " It says: %(answer)s"
    ),
    "http_403": _(
        "%(host)s does not allow this. Check what the credentials of the connection may do."
        " It says: %(answer)s"
    ),
    "http_404": _(
        "%(host)s has nothing at this address. Check the address and the ids in it."
        " It says: %(answer)s"
    ),
    "http_410": _("%(host)s says that this address is gone for good. Ask for the new one."),
    "http_429": _("%(host)s takes no more requests for now (status 429). It says: %(answer)s"),
    "unreachable": _("%(host)s could not be reached: the server is off or the name is wrong."),
    "timed_out": _(
        "%(host)s did not answer in time. It may have done what was asked: look there before you"
        " repeat the step by hand."
    ),
    "connection_lost": _(
        "%(host)s hung up in the middle. It may have done what was asked: look there before you"
        " repeat the step by hand."
    ),
    "certificate_refused": _(
        "The certificate of %(host)s is not valid, so nothing was sent. Tell whoever runs it."
    ),
    "address_not_allowed": _(
        "%(host)s is an address inside a private network, which steps may not call. Use a public"
        " address, or ask the administrators to allow this one."
    ),
    "encryption_required": _(
        "Nothing was sent: the credentials would have travelled to %(host)s unencrypted. Use https"
        " (for a mail server: TLS) in the connection."
    ),
    "bad_address": _("The address cannot be used (%(host)s): %(reason)s. Correct it in the step."),
    "bad_method": _("“%(method)s” is no method a step can use. Choose one in the step."),
    "bad_header": _("The header “%(header)s” cannot be sent. Change it in the step."),
    "request_too_large": _("The data to send is larger than %(limit_bytes)s bytes. Send less."),
    "answer_too_large": _(
        "%(host)s answered with more than %(limit_bytes)s bytes. Ask it for less."
    ),
    "answer_unreadable": _("The answer of %(host)s cannot be kept: %(reason)s."),
    "redirect_refused": _(
        "%(host)s wants the request sent elsewhere (%(location)s), which steps never do. If that"
        " is right, write the new address into the step."
    ),
    "output_too_large": _(
        "The answer is %(bytes)s bytes; at most %(limit_bytes)s are kept. Ask for less of it."
    ),
    "answer_means_failure": _(
        "%(host)s answered, and its answer means failure: %(message)s (%(rule)s)."
        " It says: %(answer)s"
    ),
    "answer_lacks_field": _(
        "The answer of %(host)s has no usable value at “%(field)s”, which the step needs. Compare"
        " the step with what the server really answers."
    ),
    "page_on_other_server": _(
        "%(host)s names a next page that is not on the same server, so it was not fetched."
    ),
    "page_repeated": _(
        "%(host)s names a page as the next one that was fetched before (page %(page)s). Look at"
        " the step: where the next page stands is probably wrong."
    ),
    # Connections and message templates.
    "connection_missing": _("There is no active connection for %(kind)s. Make one first."),
    "connection_unknown": _(
        "There is no connection “%(connection)s” for %(kind)s. Choose another in the step."
    ),
    "connection_off": _(
        "The connection “%(connection)s” is switched off, so nothing was sent. Switch it on, or"
        " choose another in the step."
    ),
    "connection_all_off": _(
        "Switched off: %(connections)s. There is no other connection for this, so nothing was sent,"
        " and it was not sent in any other way. Switch the connection on, or delete it if it is no"
        " longer to be used."
    ),
    "connection_ambiguous": _(
        "There are several connections for %(kind)s. Choose one in the step: %(choices)s."
    ),
    "connection_incomplete": _("The connection “%(connection)s” lacks %(missing)s. Fill it in."),
    "connection_key_missing": _(
        "The credentials of the connection “%(connection)s” cannot be opened: the key they were"
        " stored with is gone. Enter them again, or tell the administrators."
    ),
    "connection_of_other_tenant": _(
        "The credentials of the connection “%(connection)s” were stored for another company and"
        " were not used. Enter them again, and tell the administrators."
    ),
    "connection_moved": _(
        "The connection “%(connection)s” points to another server than when its credentials were"
        " entered, so they were not sent. Enter them again."
    ),
    "connection_unclear": _(
        "The connection “%(connection)s” does not say clearly where its token goes (%(setting)s)."
        ' Write one place: {"query": "api_key"}, {"header": "X-Key"} or'
        ' {"body": "token"}.'
    ),
    "secret_needs_object": _(
        "The token for %(host)s goes into the body, so the body has to be an object: {…}."
    ),
    "connection_for_other_host": _(
        "The address is not on the server of the connection “%(connection)s”, so its credentials"
        " were not sent. Use an address of that server, or no connection."
    ),
    "template_unknown": _(
        "There is no message template “%(template)s” for %(channel)s. Choose another in the step."
    ),
    "template_values_differ": _(
        "The message template “%(template)s” takes other values. Missing: %(missing)s."
        " Not wanted: %(superfluous)s. Correct them in the step."
    ),
    "template_value_empty": _(
        "The value “%(name)s” for the message template “%(template)s” is empty, which WhatsApp"
        " refuses. Give it a default in the step."
    ),
    "template_value_too_long": _(
        "The value “%(name)s” for the message template “%(template)s” has %(length)s characters;"
        " WhatsApp takes %(limit)s at most. Shorten it in the step."
    ),
    "template_value_line_break": _(
        "The value “%(name)s” for the message template “%(template)s” holds a line break, which it"
        " must not have. Correct it in the step or in the record."
    ),
    "template_link_refused": _(
        "WhatsApp could not open the address “%(link)s” (value “%(name)s” for the message template"
        " “%(template)s”). It has to be a whole address that begins with https:// and opens"
        " without a log-in from anywhere. Correct it in the step."
    ),
    "template_whole_address": _(
        "The value “%(name)s” for the message template “%(template)s” is a whole address"
        " (“%(value)s”). The button's address is registered already: give only what follows"
        " “%(base)s”."
    ),
    "template_code_refused": _(
        "“%(value)s” (value “%(name)s” for the message template “%(template)s”) is no code that"
        " WhatsApp can copy: only letters A to Z and digits are allowed. Correct it in the step."
    ),
    "template_file_name_refused": _(
        "“%(value)s” (value “%(name)s” for the message template “%(template)s”) cannot be the name"
        " of a file: it holds a slash. Correct it in the step."
    ),
    # WhatsApp.
    "bad_phone": _("“%(phone)s” is not a phone number (read as a number of %(country)s)."),
    "whatsapp_busy": _("WhatsApp takes no more messages for now. It says: %(answer)s"),
    "whatsapp_undeliverable": _(
        "WhatsApp cannot deliver to this phone: it has no WhatsApp, or its owner does not take"
        " such messages. Reach the customer another way. It says: %(answer)s"
    ),
    "whatsapp_access_refused": _(
        "WhatsApp does not accept the access token, or the account may not send. Check the"
        " connection and the account. It says: %(answer)s"
    ),
    "whatsapp_template_unknown": _(
        "WhatsApp has no such approved template in this language, or has paused it. Check it in"
        " the WhatsApp Manager. It says: %(answer)s"
    ),
    "whatsapp_values_refused": _(
        "WhatsApp does not accept the values for this template. Compare their number and order"
        " with the registered template. It says: %(answer)s"
    ),
    "whatsapp_refused": _("WhatsApp refused the message. It says: %(answer)s"),
    "whatsapp_answer_empty": _(
        "The answer was empty (status %(status)s), which WhatsApp's never is. Nobody knows whether"
        " the message was sent. Check the address in the connection, and ask the customer before"
        " you send it again."
    ),
    "whatsapp_answer_unclear": _(
        "What answered is not WhatsApp (status %(status)s, %(content_type)s): %(answer)s. Nobody"
        " knows whether the message was sent. Check the address in the connection and what stands"
        " between Sayr and the internet, and ask the customer before you send it again."
    ),
    # Mail.
    "bad_mail_address": _(
        "“%(address)s” is not one mail address (field “%(field)s”). Correct it in the record or in"
        " the step."
    ),
    "bad_recipient_count": _(
        "The mail has %(count)s recipients; it needs one in “To” and may have %(limit)s."
    ),
    "mail_is_empty": _("The mail has no text. Write one in the step or choose a template."),
    "mail_has_no_subject": _("The mail has no subject. Write one in the step."),
    "mail_timed_out": _("The mail server %(host)s did not answer in time."),
    "mail_server_unreachable": _("The mail server %(host)s could not be reached."),
    "mail_connection_lost": _("The mail server %(host)s hung up in the middle."),
    "mail_deferred": _("The mail server takes the mail later. It says: %(answer)s"),
    "mail_login_refused": _(
        "The mail server does not accept the user name or password. Enter them again in the"
        " connection. It says: %(answer)s"
    ),
    "mail_not_supported": _("The mail server lacks something the mail needs: %(answer)s"),
    "mail_recipients_refused": _(
        "The mail server knows none of the recipients. Check the addresses. It says: %(answer)s"
    ),
    "mail_partly_refused": _(
        "Not everybody got this mail. Whoever is not named here has it, and does not get it again."
        " %(each)s"
    ),
    "mail_partly_deferred": _(
        "Not everybody has this mail yet: the mail server puts it off. Whoever is not named here"
        " has it, and does not get it again. %(each)s"
    ),
    "mail_needs_smtputf8": _(
        "The address has letters beyond ASCII, which the mail server does not take (SMTPUTF8). Use"
        " another address of this person, or another mail server: %(answer)s"
    ),
    "mail_too_large": _(
        "The mail is %(bytes)s bytes; the mail server takes at most %(limit_bytes)s. Make it"
        " shorter, then send it again."
    ),
    "mail_address_invalid": _("“%(address)s” is no address that a mail can be sent to."),
    "mail_not_composable": _("A mail cannot be made of this: %(reason)s"),
    "mail_refused": _("The mail server refused the mail. It says: %(answer)s"),
    # Slack and Teams.
    "channel_missing": _(
        "No channel is named, neither in the step nor in the connection “%(connection)s”."
    ),
    "slack_busy": _("Slack takes no more messages for now. It says: %(answer)s"),
    "whatsapp_number_unknown": _(
        "WhatsApp has no number with the id %(number)s that this token may use. Copy the phone"
        " number id again: it is not the number itself. It says: %(answer)s"
    ),
    "slack_channel_refused": _(
        "Slack has no channel “%(channel)s” that the app can write to. Check the name, and invite"
        " the app into it. It says: %(answer)s"
    ),
    "slack_access_refused": _(
        "Slack does not accept the token, or the app may not post. Check the connection."
        " It says: %(answer)s"
    ),
    "slack_refused": _("Slack refused the message. It says: %(answer)s"),
    "slack_unclear": _(
        "Something else than Slack answered: a proxy, or a page to log in. Look at the address in"
        " the connection, and into the channel before you send it again. It says: %(answer)s"
    ),
    "teams_unclear": _(
        "Something else than Teams answered: a proxy, or a page to log in. Look at the address in"
        " the connection, and into the channel before you send it again. It says: %(answer)s"
    ),
    "teams_card_too_large": _(
        "The message is too large for Teams, so nothing was sent: %(bytes)s bytes, at most"
        " %(limit_bytes)s. Shorten the text in the step, or the list in it."
    ),
    "teams_busy": _("Teams takes no more messages for now. It says: %(answer)s"),
    "teams_refused": _("Teams refused the message. It says: %(answer)s"),
    # Records.
    "table_not_allowed": _("Workflows may not use the table “%(table)s”."),
    "field_not_allowed": _(
        "Workflows may not change the field “%(field)s” of “%(table)s”. Take it out of the step."
    ),
    "record_not_found": _(
        "There is no record with the id “%(id)s” in “%(table)s”. It was deleted, or the step takes"
        " the id from the wrong place."
    ),
    "invalid_value": _(
        "“%(value)s” is not a value that “%(field)s” of “%(table)s” can have: %(reason)s"
    ),
    "creating_not_allowed": _("Workflows may not make records in “%(table)s”."),
    "field_not_creatable": _(
        "Workflows may not fill in “%(field)s” of a new record in “%(table)s”. Take it out of the"
        " step."
    ),
    "field_not_readable": _(
        "Workflows may not read the field “%(field)s” of “%(table)s”. Choose another in the step."
    ),
    "filter_not_possible": _(
        "“%(field)s” of “%(table)s” cannot be compared like this (%(operator)s “%(value)s”). Only"
        " numbers and dates can be greater or less, and only than a number or a date; only text"
        " can contain something; “is one of” needs a list. A date is written like 2026-01-31, which"
        " the filters date and parse_date can do."
    ),
    "no_record_found": _("No record of “%(table)s” fits, and the step needs one."),
    "several_records_found": _(
        "%(count)s records of “%(table)s” fit, but the step needs exactly one. Add a condition."
    ),
    "figure_needs_field": _("Which field? “%(function)s” needs one. Choose it in the step."),
    "figure_not_possible": _(
        "“%(function)s” cannot be worked out of “%(field)s” of “%(table)s”: only numbers have a"
        " sum and an average, only numbers and dates a least and a most."
    ),
    "too_many_groups": _(
        "“%(field)s” has more than %(limit)s different values. Group by another field, or add a"
        " condition."
    ),
    "record_refused": _("The change to “%(table)s” was refused as a whole: %(reason)s"),
    # Lists and comparisons.
    "values_not_comparable": _(
        "“%(field)s” cannot be compared like this (%(operator)s “%(value)s”): “%(odd)s” does not"
        " fit. Two numbers can be compared, two dates, or two texts; “is one of” needs a list."
    ),
    "values_have_no_order": _(
        "The list cannot be sorted by “%(field)s”: “%(value)s” does not fit the others. They have"
        " to be all numbers, all dates or all text."
    ),
    "too_many_items": _(
        "The list has %(count)s items; a step works with at most %(limit)s. Ask for fewer."
    ),
    "list_too_large": _(
        "The list is larger than %(limit_bytes)s bytes. Keep fewer items, or fewer fields of them."
    ),
    "item_lacks_field": _(
        "Item %(item)s of the list has no value in “%(field)s”. Correct the name, or first drop"
        " the items in which it is empty."
    ),
    "item_not_object": _(
        "Item %(item)s of the list (“%(value)s”) has no fields: it is a plain value or a list."
    ),
    "item_not_list": _("“%(field)s” of item %(item)s is no list, so it cannot be unpacked."),
}

# Of steps that failed under an earlier release.
EARLIER: Final[Mapping[str, Any]] = {
    "mail_header_injection": _(
        "The “%(field)s” holds a line break, which a mail must not have there. Look at the values"
        " in it: somebody may be trying to send mail in your name."
    ),
}


class _Facts(dict[str, Any]):
    """Parameters of an error; one that an older version did not record shows as a dash."""

    def __missing__(self, name: str) -> str:
        return NOTHING


def sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """Return the sentence in the active language. Never raises; an unknown code is shown as is."""
    facts = _Facts({name: _readable(value) for name, value in (params or {}).items()})
    facts.update({name: shown(facts[name]) for name in _AT_FAULT if name in facts})
    facts = _Facts({name: apart(value) for name, value in facts.items()})
    given = params or {}
    known = of_answer(code, given) or of_provider(code, given.get("provider_code"))
    known = known or SENTENCES.get(code) or EARLIER.get(code)
    if known is None:
        details = listed(f"{name}: {value}" for name, value in facts.items())
        return f"{code} ({details})" if details else code
    if code == "bad_mail_address":
        facts["field"] = str(_MAIL_FIELDS.get(str(given.get("field")), facts["field"]))
        known = _NAME_NEEDS_QUOTES if given.get("quoted") else known
        known = known if given.get("address") else _NO_MAIL_ADDRESS
    if code in OF_SOME:
        facts["each"] = " ".join(_each(given.get("answer")))
    try:
        said = str(known) % facts
        why = why_no_phone(given) if code == "bad_phone" else ""
        if code in _HUNG_UP and given.get("may_have_arrived") is True:
            why = str(_MAY_HAVE_THE_MAIL)
        if code == "mail_server_unreachable" and given.get("reason") in UNREACHABLE:
            why = f"{UNREACHABLE[given['reason']]} {why}".strip()
        if code in _OFF and given.get("by"):
            why = str(_SWITCHED_OFF_BY) % facts
        return f"{said} {why}" if why else said
    except (TypeError, ValueError):  # a translation with a slip in its placeholders
        return code


def _each(answer: Any) -> Iterator[str]:
    """Yield what each answer means, with those who got it: once for all who got the same."""
    groups: dict[str, dict[str, str]] = {}
    for address, said in (answer if isinstance(answer, Mapping) else {"": NOTHING}).items():
        groups.setdefault(str(smtp.advice_on(str(said))), {})[str(address)] = str(said)
    for advice, answers in groups.items():
        yield str(_ADVISED) % {"advice": advice, "answer": apart(_readable(answers))}


def _readable(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {item}" for name, item in value.items()) or NOTHING
    if isinstance(value, list | tuple):
        return listed(value) or NOTHING
    return NOTHING if value in (None, "") else str(value)
