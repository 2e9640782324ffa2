"""What can be said about a template before it is rendered."""

from collections.abc import Iterator

from tenants.core.json import Json
from tenants.core.values.paths import Path
from workflows.definition.errors import ExpressionError
from workflows.definition.problems import Problem
from workflows.definition.templates.compiled import compile_template, is_template


def template_problems(source: str, *, path: str = "") -> list[Problem]:
    """Return what is wrong with the text of a template: syntax, an unknown filter, a limit."""
    try:
        compile_template(source)
    except ExpressionError as error:
        return [Problem(path, error.code, error.params)]
    return []


def template_paths(source: str) -> list[Path]:
    """Return the paths that a template reads, in the order of the text, each once.

    A path ends where a key is itself looked up: `values.tags[trigger.method]` reads
    `values.tags` and `trigger.method`. Raises ExpressionError if it cannot be compiled.
    """
    return list(compile_template(source).paths)


def paths_in(value: Json) -> Iterator[Path]:
    """Yield the paths that the templates in `value` read, however deep they lie."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from paths_in(element)
    elif isinstance(value, str) and is_template(value):
        yield from template_paths(value)
