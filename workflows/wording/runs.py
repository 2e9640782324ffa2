"""What became of a run, in one sentence that can be read out on the phone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.engine.statuses import RunStatus
from workflows.wording.timeline import Line, RunFacts, StepState, run_error, timeline

MOST_NAMED: Final = 3  # more steps than this are counted instead of named


def summary(facts: RunFacts) -> str:
    """Return the run's story in one sentence, with the reason behind it if something failed."""
    return _TELLERS[facts.status](facts, timeline(facts))


def _queued(facts: RunFacts, lines: Sequence[Line]) -> str:
    if facts.is_paused:
        return _("On hold: all workflows are paused, and this one starts when they go on.")
    done = _in_state(lines, StepState.COMPLETED, StepState.SKIPPED, StepState.FAILED)
    following = _in_state(lines, StepState.NEXT)
    if done and following:
        return _("In the queue: it goes on with %(step)s as soon as a worker is free.") % {
            "step": _place(following[0], lines)
        }
    return _("In the queue: it starts as soon as a worker is free.")


def _running(facts: RunFacts, lines: Sequence[Line]) -> str:
    under_way = _in_state(lines, StepState.RUNNING)
    if not under_way:
        return _("Under way.")
    return _("Under way: %(step)s.") % {"step": _place(under_way[0], lines)}


def _waiting(facts: RunFacts, lines: Sequence[Line]) -> str:
    waits = _in_state(lines, StepState.WAITING)
    if not waits:
        return (
            _("Waiting until %(time)s.") % {"time": facts.due_at} if facts.due_at else _("Waiting.")
        )
    step = waits[0]
    if not step.attempts:
        return _waiting_at(_place(step, lines), facts.due_at)
    told = ngettext(
        "Waiting: %(step)s failed, and is tried again at %(time)s.",
        "Waiting: %(step)s failed %(count)s times, and is tried again at %(time)s.",
        len(step.attempts),
    ) % {"step": _quoted(step), "count": len(step.attempts), "time": facts.due_at}
    return _sentences(told, step.attempts[-1].error)


def _waiting_at(place: str, time: str) -> str:
    if not time:
        return _("Waiting at %(step)s.") % {"step": place}
    return _("Waiting at %(step)s until %(time)s.") % {"step": place, "time": time}


def _completed(facts: RunFacts, lines: Sequence[Line]) -> str:
    done, skipped = _done(lines), _skipped(lines)
    if not done:
        return _("Completed: there was nothing to do, %(skipped)s.") % {"skipped": skipped}
    if not skipped:
        return _("Completed: %(done)s.") % {"done": done}
    return _("Completed: %(done)s; %(skipped)s.") % {"done": done, "skipped": skipped}


def _completed_with_errors(facts: RunFacts, lines: Sequence[Line]) -> str:
    wrong = _in_state(lines, StepState.FAILED, StepState.UNKNOWN)
    values = {"done": _done(lines), "failed": _failures(wrong)}
    told = (
        _("Completed with errors: %(done)s, but %(failed)s.")
        if values["done"]
        else _("Completed with errors: %(failed)s.")
    )
    return _sentences(told % values, wrong[0].error if wrong else "")


def _failed(facts: RunFacts, lines: Sequence[Line]) -> str:
    wrong = _in_state(lines, StepState.FAILED, StepState.UNKNOWN)
    if not wrong:
        return _sentences(_("Failed."), run_error(facts))
    last = wrong[-1]
    told = _("Failed at %(step)s.") % {"step": _place(last, lines)}
    left = _in_state(lines, StepState.NOT_REACHED)
    rest = ngettext("%(steps)s was not reached.", "%(steps)s were not reached.", len(left)) % {
        "steps": _named(left)
    }
    return _sentences(told, last.error or run_error(facts), rest if left else "")


def _cancelled(facts: RunFacts, lines: Sequence[Line]) -> str:
    done = _done(lines)
    if not done:
        return _("Cancelled before anything was done.")
    return _("Cancelled: %(done)s, the rest was not.") % {"done": done}


def _left_out(facts: RunFacts, lines: Sequence[Line]) -> str:
    return _sentences(_("Skipped: nothing was done."), facts.error_message or "")


def _in_state(lines: Sequence[Line], *states: StepState) -> list[Line]:
    return [line for line in lines if line.state in states]


def _done(lines: Sequence[Line]) -> str:
    done = _in_state(lines, StepState.COMPLETED, StepState.REUSED)
    if not done:
        return ""
    told = ngettext("%(steps)s was done", "%(steps)s were done", len(done))
    return told % {"steps": _named(done)}


def _skipped(lines: Sequence[Line]) -> str:
    skipped = _in_state(lines, StepState.SKIPPED)
    if not skipped:
        return ""
    return ngettext("%(steps)s was skipped", "%(steps)s were skipped", len(skipped)) % {
        "steps": _named(skipped)
    }


def _failures(wrong: Sequence[Line]) -> str:
    return ngettext("%(steps)s failed", "%(steps)s failed", len(wrong)) % {"steps": _named(wrong)}


def _named(lines: Sequence[Line]) -> str:
    if len(lines) > MOST_NAMED:
        return ngettext("%(count)s step", "%(count)s steps", len(lines)) % {"count": len(lines)}
    names = [_quoted(line) for line in lines]
    if len(names) < 2:
        return "".join(names)
    comma = _(", ")
    return _("%(first)s and %(last)s") % {"first": comma.join(names[:-1]), "last": names[-1]}


def _quoted(line: Line) -> str:
    return _("“%(label)s”") % {"label": line.label}


def _place(line: Line, lines: Sequence[Line]) -> str:
    return _("step %(number)s of %(total)s, %(step)s") % {
        "number": line.number,
        "total": len(lines),
        "step": _quoted(line),
    }


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


_TELLERS: Final[Mapping[RunStatus, Callable[[RunFacts, Sequence[Line]], str]]] = {
    RunStatus.QUEUED: _queued,
    RunStatus.RUNNING: _running,
    RunStatus.WAITING: _waiting,
    RunStatus.COMPLETED: _completed,
    RunStatus.COMPLETED_WITH_ERRORS: _completed_with_errors,
    RunStatus.FAILED: _failed,
    RunStatus.CANCELLED: _cancelled,
    RunStatus.SKIPPED: _left_out,
}
