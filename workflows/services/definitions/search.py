"""Find workflows by what stands in them: names, steps, actions, templates, connections, messages.

Every word has to stand somewhere. The documents are searched where they are, published and draft:
a company has hundreds of workflows, not millions. Only values count, not the language's own words.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import F, Func, JSONField, Q, Value
from django.db.models.fields import BooleanField
from django.utils.translation import override

from actions import registry
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.core.text.listing import bare
from workflows.event_types import NOTED, all_event_types, label_of
from workflows.presentation.badges import KIND_LABELS

MAX_WORDS: Final = 8
LANGUAGES: Final = ("en", "ar")
_DOCUMENTS: Final = ("definition", "draft")
# Any text in a document, whatever it is.
_SAYS: Final = 'strict $.** ? (@.type() == "string" && @ like_regex %s flag "iq")'
_NAMES: Final = "strict $.**.%s ? (@ == $names[*])"


def matching(rows: Any, text: str) -> Any:
    """Return those of `rows`, workflows, in which every word of a text stands."""
    for word in bare(text).split()[:MAX_WORDS]:
        rows = rows.filter(_with(rows, word))
    return rows


def _with(rows: Any, word: str) -> Q:
    tenants = list(rows.order_by().values_list("tenant", flat=True).distinct())
    found = Q(name__icontains=word) | Q(key__icontains=word) | Q(tags__icontains=word)
    found |= _any(lambda column: _says(column, word))
    names: Mapping[str, Iterable[str]] = {
        "action": _named(_actions(), word),
        "trigger_type": _named(_events(), word),
        "template": _templates(tenants, word),
        "connection": _connections(tenants, word),
    }
    for member, keys in names.items():
        if keys := sorted(set(keys)):
            found |= _any(lambda column, member=member, keys=keys: _holds(column, member, keys))
    return found


def _any(make: Any) -> Q:
    both = Q()
    for column in _DOCUMENTS:
        both |= Q(make(column))
    return both


def _says(column: str, word: str) -> Func:
    return _exists(column, _SAYS % _quoted(word), {})


def _holds(column: str, member: str, keys: list[str]) -> Func:
    return _exists(column, _NAMES % member, {"names": keys})


class _JsonPath(Value):
    """A path as a parameter of a statement."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return it with its type."""
        return "%s::jsonpath", [self.value]


def _exists(column: str, path: str, values: Mapping[str, Any]) -> Func:
    """Ask a document; what a path does not fit is no match, and no error."""
    return Func(
        F(column),
        _JsonPath(path),
        Value(dict(values), JSONField()),
        template="COALESCE(jsonb_path_exists(%(expressions)s, true), false)",
        output_field=BooleanField(),
    )


def _quoted(word: str) -> str:
    """Return a text as a path has it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _named(known: Mapping[str, Any], word: str) -> Iterable[str]:
    """Return the names whose label has the word, in any language of ours."""
    for language in LANGUAGES:
        with override(language):
            yield from (name for name, say in known.items() if word.casefold() in say().casefold())


def _actions() -> Mapping[str, Any]:
    labels = {one.name: one.label for one in registry.all_actions()} | dict(KIND_LABELS)
    return {name: (lambda label=label: str(label)) for name, label in labels.items()}


def _events() -> Mapping[str, Any]:
    names = [*(kind.name for kind in all_event_types()), *NOTED]
    return {name: (lambda name=name: label_of(name)) for name in names}


def _templates(tenants: list[Any], word: str) -> Iterable[str]:
    told = ("name", "subject", "text", "html", "header_text", "footer")
    found = Q()
    for column in told:
        found |= Q(**{f"{column}__icontains": word})
    own = MessageTemplate.objects.filter(found, tenant__in=tenants)
    return own.values_list("key", flat=True).distinct()


def _connections(tenants: list[Any], word: str) -> Iterable[str]:
    own = Connection.objects.filter(name__icontains=word, tenant__in=tenants)
    return own.values_list("key", flat=True).distinct()
