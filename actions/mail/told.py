"""What became of the recipients in all attempts of a step."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self

from actions.mail.replies import RecipientReply, Replies
from actions.spec import ActionContext
from tenants.core.json import Json
from tenants.core.text.addresses import compared

# A server that hangs up on a mail that it was handed may have it: each further try may be one more
# copy for its reader. What a server puts off it has not got, so that may be tried for hours.
MAX_UNCERTAIN: Final = 5


@dataclass(frozen=True, slots=True)
class KnownRecipients:
    """What became of the recipients so far."""

    replies: Replies
    uncertain: int = 0  # tries after which nobody knows whether the server has the mail

    @classmethod
    def before(cls, context: ActionContext) -> Self:
        """Read what earlier attempts have left.

        Who was refused may be asked again only by a person, who has seen to it.
        """
        kept = context.so_far or {}
        refused = kept.get("refused", {}) if context.attempt > 1 else {}
        taken = dict.fromkeys(kept.get("accepted", ()), RecipientReply(250, ""))
        uncertain = kept.get("uncertain", 0) if context.attempt > 1 else 0
        read = {one: RecipientReply.from_json(answer) for one, answer in refused.items()}
        return cls(taken | read, uncertain)

    def left(self, recipients: Iterable[str]) -> list[str]:
        return [one for one in recipients if compared(one) not in self.replies]

    def and_now(self, replies: Replies) -> Self:
        now = {compared(one): replies[one] for one in replies}
        return replace(self, replies={**self.replies, **now})

    def and_perhaps(self) -> Self:
        return replace(self, uncertain=self.uncertain + 1)

    def as_json(self) -> Json:
        accepted = [one for one, answer in self.replies.items() if answer.is_accepted]
        refused = {
            one: answer.as_json()
            for one, answer in self.replies.items()
            if not answer.is_accepted and not answer.is_deferred
        }
        uncertain = {"uncertain": self.uncertain} if self.uncertain else {}
        return {"accepted": accepted, "refused": refused, **uncertain}
