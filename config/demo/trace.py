"""The check's table of what a run did."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.utils import timezone

from tenants.core.json import Json
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.lines import StepLine
from workflows.presentation.runs.timeline import timeline
from workflows.services.runs.summaries import facts_of, plans_of

HEAD: Final = ("step", "status", "started", "ms", "what happened")
WIDEST: Final = 60
UUID: Final = re.compile(r"\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")


def trace(run: WorkflowRun) -> str:
    lines = timeline(facts_of(run, plans_of([run])))
    return _table([HEAD, *map(_row, lines)])


def _row(line: StepLine) -> tuple[str, ...]:
    started = ""
    if line.started_at is not None:
        started = timezone.localtime(line.started_at).strftime("%H:%M:%S.%f")[:-3]
    took = "" if line.duration_ms is None else str(line.duration_ms)
    told = line.error or line.reason or _told(line.output)
    return line.name, line.state.value, started, took, _shortened(told)


def _told(output: Mapping[str, Json] | None) -> str:
    match output:
        case {"changed": changed}:
            return _changes(changed)
        case {"phone": phone, "template": template, "values": values}:
            return f"{template} to {phone}: {', '.join(values)}"
        case {"to": to, "subject": subject}:
            return f"{subject}, to {', '.join(to)}"
        case None:
            return ""
        case _:
            return str(output)


def _changes(changed: Mapping[str, Mapping[str, Json]]) -> str:
    return ", ".join(f"{name}: {was['from']} → {was['to']}" for name, was in changed.items())


def _shortened(text: str) -> str:
    text = UUID.sub(r"\1…", text)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_columns(row, widths) for row in rows)


def _columns(row: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
