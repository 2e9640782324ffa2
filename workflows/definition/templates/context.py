"""The state of one rendering."""

from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from tenants.core.values.paths import MISSING, lookup, show_path
from workflows.definition.scope import NameScope
from workflows.definition.templates.missing import MissingValue


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
