"""What a view, its parser or its authentication raises to refuse a request."""

from collections.abc import Mapping, Sequence

from tenants.core.json import Json
from workflows.api.codes import ASK_AGAIN, KINDS, ProblemKind


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

    @property
    def kind(self) -> ProblemKind:
        return KINDS[self.code]

    @property
    def detail(self) -> str:
        return str(self.kind.detail) % {"next": ASK_AGAIN, **self.params}
