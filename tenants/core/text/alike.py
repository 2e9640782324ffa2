"""Values that hold texts which look the same: lists and objects, and the names of members."""

from collections.abc import Mapping

from tenants.core.json import Json
from tenants.core.text.characters import comparable


def comparable_inside(value: Json) -> Json:
    if isinstance(value, str):
        return comparable(value)
    if isinstance(value, list | tuple):
        return [comparable_inside(element) for element in value]
    if isinstance(value, Mapping):
        names = {name: comparable(name) for name in value}
        if len(set(names.values())) < len(names):  # two members that look alike stay two
            names = {name: name for name in value}
        return {names[name]: comparable_inside(one) for name, one in value.items()}
    return value


def has_member(whole: Mapping[str, Json], name: str) -> bool:
    if name in whole:
        return True
    wanted = comparable(name)
    return any(comparable(own) == wanted for own in whole)
