"""What a template gets for a path at which nothing lies."""

from typing import Any, NoReturn

from liquid.undefined import Undefined

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError


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
