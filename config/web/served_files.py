"""Which static files there are: those of each app, without the tools that lie beside them."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder
from django.core.files.storage import Storage


class ServedFiles(AppDirectoriesFinder):
    """Finds what lies in a folder below an app's `static/`.

    `workflows/static/` itself holds what checks the scripts (package.json and the like), and
    whoever runs npm there by hand has a `node_modules` too.
    """

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for path, storage in super().list([*(ignore_patterns or ()), "node_modules"]):
            if _is_served(path):
                yield path, storage

    def find_in_app(self, app: str, path: str) -> Any:
        """Return where an app has the file; None if it has none, or none to serve."""
        return super().find_in_app(app, path) if _is_served(path) else None


def _is_served(path: str) -> bool:
    first, *below = PurePosixPath(path).parts or ("",)
    return bool(below) and first != "node_modules"
