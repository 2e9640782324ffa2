"""The state of one rendering."""

from typing import Any, NoReturn

from liquid import BoundTemplate, RenderContext
from liquid.undefined import UNDEFINED, Undefined
from liquid.utils import ReadOnlyChainMap

from tenants.core.values.paths import MISSING, lookup, show_path
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope


class MissingValue(Undefined):
    """False in `{% if %}`, replaceable by `default`, and an error that names the path elsewhere."""

    __slots__ = ("path",)

    def __init__(self, path: str, **liquid: Any) -> None:
        super().__init__(path, **liquid)
        self.path = path

    def refuse(self, *_: object, **__: object) -> NoReturn:
        """Raise `missing_value`, whatever was asked."""
        raise ExpressionError(Code.MISSING_VALUE, path=self.path)

    __contains__ = refuse
    __eq__ = refuse
    __getitem__ = refuse
    __int__ = refuse
    __iter__ = refuse
    __len__ = refuse
    __reversed__ = refuse
    __str__ = refuse

    def __hash__(self) -> int:
        return hash(self.path)


def refuse_missing(value: object) -> None:
    """Raise `missing_value` if there is no value."""
    if isinstance(value, MissingValue):
        value.refuse()


class Context(RenderContext):
    """Liquid's context, with our look-up and without its clock (`now` and `today`)."""

    __slots__ = ("budget", "reading")

    def __init__(self, template: BoundTemplate, scope: NameScope) -> None:
        super().__init__(template, globals=scope.roots)
        self.reading = scope
        self.budget = scope.budget
        self.scope = ReadOnlyChainMap(self.locals, self.globals)

    def assign(self, key: str, val: Any) -> None:
        """Set a name. The library measures all of them each time."""
        self.budget.charge(2 * len(self.locals))
        super().assign(key, val)

    def get(self, path: list[object], *, token: object = None, default: object = UNDEFINED) -> Any:
        """Return what lies at `path`, or a MissingValue that knows the path."""
        for key in path:
            if isinstance(key, MissingValue):
                key.refuse()
        root = path[0]
        first = self.scope.get(root, MISSING) if isinstance(root, str) else MISSING
        found = lookup({"": first}, ("", *path[1:])) if first is not MISSING else MISSING
        if found is not MISSING:
            return found
        return MissingValue(show_path(tuple(path))) if default is UNDEFINED else default
