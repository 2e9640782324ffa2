"""What became of the recipients in all attempts of a step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from actions.mail.replies import Replies, Reply
from actions.spec import ActionContext
from tenants.addresses import compared

Json = Any


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the recipients so far."""

    replies: Replies

    @classmethod
    def before(cls, context: ActionContext) -> Self:
        """Read what earlier attempts have left.

        Who was refused may be asked again only by a person, who has seen to it.
        """
        kept = context.so_far or {}
        refused = kept.get("refused", {}) if context.attempt > 1 else {}
        taken = dict.fromkeys(kept.get("accepted", ()), Reply(250, ""))
        return cls(taken | {one: Reply.from_json(answer) for one, answer in refused.items()})

    def left(self, recipients: Iterable[str]) -> list[str]:
        """Return to whom the mail is still to be sent."""
        return [one for one in recipients if compared(one) not in self.replies]

    def and_now(self, replies: Replies) -> Self:
        """Return it with the answers of one more attempt."""
        return type(self)({**self.replies, **{compared(one): replies[one] for one in replies}})

    def as_json(self) -> Json:
        """Return what the next attempt has to know."""
        accepted = [one for one, answer in self.replies.items() if answer.is_accepted]
        refused = {
            one: answer.as_json()
            for one, answer in self.replies.items()
            if not answer.is_accepted and not answer.is_deferred
        }
        return {"accepted": accepted, "refused": refused}
