"""The programs that runs execute: read once per version, compiled once, kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.program import Program, load_program
from workflows.runtime.database import as_json, rows

# The program a run executes, with the names its templates may show.
PROGRAM: Final = """
SELECT version.program, definition.name, definition.key
FROM workflow_versions version JOIN workflow_definitions definition
    ON definition.id = version.definition_id
WHERE version.definition_id = %(definition)s AND version.version = %(version)s
"""


@dataclass(frozen=True, slots=True)
class LoadedProgram:
    """A version's program with the names its templates may show."""

    program: Program
    workflow_name: str
    workflow_key: str


class VersionMissing(LookupError):
    """A run names a version that does not exist."""

    def __init__(self, definition_id: UUID, version: int) -> None:
        super().__init__(f"workflow {definition_id} has no version {version}")


# A version is never updated, so what was read once stays right.
@lru_cache(maxsize=1000)
def program_of(definition_id: UUID, version: int) -> LoadedProgram:
    """Return the program of a published version. Raises VersionMissing, InvalidProgram."""
    found = rows(PROGRAM, {"definition": definition_id, "version": version})
    if not found:
        raise VersionMissing(definition_id, version)
    stored, name, key = found[0]
    try:
        program: Mapping[str, object] = as_json(stored)
        return LoadedProgram(load_program(program), name, key)
    except InvalidProgram:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as problem:
        # Whatever is wrong with what is stored, it is no program: nobody has to try it again.
        raise InvalidProgram(f"{type(problem).__name__}: {problem}") from problem
