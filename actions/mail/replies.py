"""What a mail server said of each recipient, and what it means for the step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from actions.errors import ActionFailure, PermanentFailure, TemporaryFailure
from actions.providers.smtp import row_of
from tenants.core.json import Json

MAX_WORDS: Final = 300
# Said here, and not by a server: it has no words for what it was not asked.
NO_SMTPUTF8: Final = (553, "5.6.7 The server does not offer SMTPUTF8")


@dataclass(frozen=True, slots=True)
class RecipientReply:
    """The answer to one recipient, in the end."""

    code: int
    words: str
    is_of_mail: bool = False  # the answer to the whole mail, or to its sender

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_deferred(self) -> bool:
        """Whether the same may be accepted later."""
        return 400 <= self.code < 500

    @property
    def row(self) -> str:
        """The code of the table's row; "" if there is none."""
        found = row_of(self.code, self.words)
        return found.code if found else ""

    def __str__(self) -> str:
        return f"{self.code} {self.words}"[:MAX_WORDS]

    def as_json(self) -> Json:
        return [self.code, self.words[:MAX_WORDS], self.is_of_mail]

    @classmethod
    def from_json(cls, kept: Json) -> Self:
        code, words, is_of_mail = kept
        return cls(code, words, is_of_mail)


Replies = Mapping[str, RecipientReply]  # by address


def open_ones(replies: Replies) -> dict[str, RecipientReply]:
    """Return the answers to the recipients for whom the server has not got the mail."""
    return {address: one for address, one in replies.items() if not one.is_accepted}


def failure_of(replies: Replies) -> ActionFailure:
    first = _first(replies.values())
    if all(one.is_of_mail for one in replies.values()):
        facts: dict[str, Json] = {"smtp_code": first.code, "answer": first.words[:MAX_WORDS]}
    else:
        facts = {"answer": _said(replies)}
    facts |= code_of(replies.values())
    if first.is_deferred:
        # It said so itself: it has not got the mail.
        return TemporaryFailure("mail_deferred", may_have_arrived=False, **facts)
    if (first.code, first.words) == NO_SMTPUTF8:
        return PermanentFailure("mail_needs_smtputf8", **facts)
    if first.is_of_mail:
        return PermanentFailure("mail_refused", **facts)
    return PermanentFailure("mail_recipients_refused", **facts)


def failure_of_some(replies: Replies) -> ActionFailure | None:
    """Return what it means that some were accepted and these were not; None: there are none."""
    left = open_ones(replies)
    if not left:
        return None
    first = _first(left.values())
    facts: dict[str, Json] = {"answer": _said(left), **code_of(left.values())}
    if first.is_deferred:
        return TemporaryFailure("mail_partly_deferred", may_have_arrived=False, **facts)
    return PermanentFailure("mail_partly_refused", **facts)


def said(replies: Replies) -> dict[str, str]:
    """Return who was not accepted, with the server's words."""
    return _said(open_ones(replies))


def code_of(answers: Iterable[RecipientReply]) -> dict[str, str]:
    """Return the code of the table's row as a fact of a failure; {} if there are several."""
    rows = {one.row for one in answers} - {""}
    return {"provider_code": rows.pop()} if len(rows) == 1 else {}


def _said(replies: Replies) -> dict[str, str]:
    return {address: str(one) for address, one in replies.items()}


def _first(replies: Iterable[RecipientReply]) -> RecipientReply:
    """Return the answer that counts: while one may be accepted later, nothing is over."""
    answers = list(replies)
    return next((one for one in answers if one.is_deferred), answers[0])
