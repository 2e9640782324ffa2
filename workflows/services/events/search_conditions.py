"""What a search asks of the keys of events, as conditions of the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat, Replace

from tenants.core.text.search_terms import Said, read_term
from tenants.models.tenant import Tenant
from workflows.models.event import WorkflowEvent

_TEXTS: Final[Any] = ArrayField(TextField())


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """A condition on rows that are looked at one by one, with the expressions that it names."""

    expressions: dict[str, Any]
    condition: Q

    def of_runs(self) -> "KeyCondition":
        """Return the same for runs, by their events."""
        # One question for each run, by its event's key: joined, it would be up to the planner.
        event = WorkflowEvent.objects.filter(id=OuterRef("event_id")).alias(**self.expressions)
        holds = event.filter(self.condition).annotate(yes=Value(True)).values("yes")[:1]
        return KeyCondition({"holds": Subquery(holds, BooleanField())}, Q(holds=True))


class SearchKeys:
    """What a term may stand for in the keys of the events of some tenants."""

    def __init__(self, tenants: Sequence[Tenant], term: str) -> None:
        self._said = [(tenant.pk, read_term(term, tenant.country)) for tenant in tenants]
        # Wherever the companies are, the words are the same ones.
        self._places = range(len(self._said[0][1].words)) if self._said else range(0)

    @property
    def has_parts(self) -> bool:
        """Whether the term has words of which parts can be looked for."""
        return len(self._places) > 0

    def exactly(self, keys: str = "search_keys") -> Q:
        """Return which events hold the term; `keys` names the column or expression to ask."""
        found = Q(**{f"{keys}__overlap": self._prefixed(said.whole for said in self._each())})
        words = [self._word(keys, place) for place in self._places]
        return found | Q(*words) if words else found

    def one_by_one(self) -> KeyCondition:
        """Return the same, but no index is asked."""
        kept = Func(F("search_keys"), Value([], _TEXTS), function="array_cat", output_field=_TEXTS)
        return KeyCondition({"held": kept}, self.exactly("held"))

    def partly(self) -> KeyCondition:
        """Return which events hold every word somewhere inside a value."""
        prefix: Any = Concat(Cast("tenant_id", TextField()), Value(":"))
        lines = Func(F("search_keys"), Value("\n"), function="array_to_string")
        text = Replace(lines, prefix, Value(""), output_field=TextField())
        words = self._said[0][1].words if self._said else ()
        each = [
            Q(_like(word.spellings, "ANY")) | Q(_like(word.apart, "ALL"))
            if word.apart
            else Q(_like(word.spellings, "ANY"))
            for word in words
        ]
        return KeyCondition({"held": text}, Q(*each))

    def _each(self) -> Iterable[Said]:
        return (said for _tenant, said in self._said)

    def _word(self, keys: str, place: int) -> Q:
        spellings = self._prefixed(said.words[place].spellings for said in self._each())
        found = Q(**{f"{keys}__overlap": spellings})
        for tenant, said in self._said:
            apart = [f"{tenant}:{key}" for key in said.words[place].apart]
            found |= Q(**{f"{keys}__contains": apart}) if apart else Q()
        return found

    def _prefixed(self, keys: Iterable[Iterable[str]]) -> list[str]:
        own = zip(self._said, keys, strict=True)
        return [f"{tenant}:{key}" for (tenant, _said), each in own for key in each]


def _like(texts: Iterable[str], quantor: str) -> Func:
    """Return whether the keys, as lines of a text, hold any or all of some texts."""
    patterns = Value([f"%{_escaped(text)}%" for text in texts], _TEXTS)
    return Func(
        F("held"),
        patterns,
        template="%(expressions)s)",
        arg_joiner=f" LIKE {quantor} (",
        output_field=BooleanField(),
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
