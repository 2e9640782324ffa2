"""What a view, its parser or its authentication raises to refuse a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenants.core.json import Json
from workflows.api.codes import ASK_AGAIN, KINDS, PARAMETER_SENTENCES


@dataclass(frozen=True, slots=True)
class ParameterError:
    """What is wrong with one parameter of an address."""

    parameter: str
    code: str
    params: Mapping[str, Json] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """Return the member of the problem's `errors`, in the active language."""
        detail = str(PARAMETER_SENTENCES[self.code]) % self.params
        return {"parameter": self.parameter, "code": self.code, "detail": detail}


class ApiProblem(Exception):
    """A request that the API refuses, for one of the reasons in `codes`."""

    def __init__(
        self,
        code: str,
        params: Mapping[str, Json] | None = None,  # of its sentence
        *,
        errors: Sequence[Mapping[str, Json]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = dict(params or {})

    @classmethod
    def at(cls, place: Mapping[str, Json], code: str, params: Mapping[str, Json]) -> "ApiProblem":
        """Return a refusal that points into the body: `pointer`, or `line` and `column`."""
        found = {**place, "code": str(code), "detail": str(KINDS[code].detail) % params}
        return cls(code, params, errors=[found])

    def as_json(self) -> dict[str, Json]:
        """Return the answer's body, in the active language."""
        kind = KINDS[self.code]
        body: dict[str, Json] = {
            "type": f"urn:sayr:problem:{self.code}",
            "title": str(kind.title),
            "status": kind.status,
            "detail": str(kind.detail) % {"next": ASK_AGAIN, **self.params},
            "code": str(self.code),
        }
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return body
