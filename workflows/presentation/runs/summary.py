"""What became of a run, in one sentence that can be read out on the phone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.core.text.listing import END, apart, listed, name_apart
from workflows.engine.decide import CANCELLED, OUTCOME_UNKNOWN
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs.entries import RunFacts
from workflows.presentation.runs.errors import sentence
from workflows.presentation.runs.lines import Flow, StepLine, StepState
from workflows.presentation.runs.timeline import every_visit, flow, run_error
from workflows.presentation.runs.waits import waits_for_turn

STEERING: Final = frozenset({"branch", "repeat", "stop"})
_STOPS: Final = frozenset(".!?؟…:")
_CLOSING: Final = f'{END}"”»'  # what may stand behind a full stop
MAX_NAMED: Final = 3  # more steps, or people, than this are counted instead of named
_SENT: Final[Mapping[str, Any]] = {
    "whatsapp_notify": gettext_lazy("WhatsApp message sent to %(who)s."),
    "send_email": gettext_lazy("Mail sent to %(who)s."),
}


def summary(facts: RunFacts, told: Flow | None = None) -> str:
    """Return the run's story in one sentence, with the reason behind it if something failed.

    `told` is the run's flow, where it is known already.
    """
    return _TELLERS[facts.status](facts, every_visit(told or flow(facts)))


def waits(facts: RunFacts) -> str:
    """Return what a run waits for that has begun, or that is not let in yet; "" if it is due."""
    if facts.status is RunStatus.QUEUED:
        return "" if facts.lane is None else waits_for_turn(facts)
    waiting = _in_state(every_visit(flow(facts)), StepState.WAITING)
    return waiting[-1].told if waiting else _waiting_somewhere(facts)


def _queued(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    if facts.is_paused:
        return _("On hold: all workflows are paused, and this one starts when they go on.")
    if facts.lane is not None:
        return waits_for_turn(facts)
    done = _in_state(lines, StepState.COMPLETED, StepState.SKIPPED, StepState.FAILED)
    following = _in_state(lines, StepState.NEXT)
    if done and following:
        return _("In the queue: it goes on with %(step)s as soon as a worker is free.") % {
            "step": _place(following[0], facts)
        }
    return _("In the queue: it starts as soon as a worker is free.")


def _running(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    under_way = _in_state(lines, StepState.RUNNING)
    if not under_way:
        return _("Under way.")
    # The step itself, not the loop that it stands in.
    return _("Under way: %(step)s.") % {"step": _place(under_way[-1], facts)}


def _waiting(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    held = _("All workflows are paused: it goes on when they do.") if facts.is_paused else ""
    waits = _in_state(lines, StepState.WAITING)
    if not waits:
        return _sentences(_waiting_somewhere(facts), held)
    step = waits[-1]
    if step.attempts and not (facts.pending or {}).keys() & {"awaits", "no_place_at"}:
        return _sentences(_tried_again(step, facts), step.attempts[-1].error, held)
    place = _("Waiting at %(step)s.") % {"step": _place(step, facts)}
    return _sentences(place, step.told, held)


def _waiting_somewhere(facts: RunFacts) -> str:
    return _("Waiting until %(time)s.") % {"time": facts.due_at} if facts.due_at else _("Waiting.")


def _tried_again(step: StepLine, facts: RunFacts) -> str:
    return ngettext(
        "Waiting: %(step)s failed, and is tried again at %(time)s.",
        "Waiting: %(step)s failed %(count)s times, and is tried again at %(time)s.",
        len(step.attempts),
    ) % {"step": _quoted(step), "count": len(step.attempts), "time": facts.due_at}


def _outcomes(lines: Sequence[StepLine]) -> str:
    """Return who decided what, what was sent to whom, and whom it did not reach."""
    done = _in_state(lines, StepState.COMPLETED, StepState.REUSED, StepState.PARTLY)
    decided = [line.told for line in done if line.action == "approval" and line.told]
    sent = [
        str(words) % {"who": _people(found)}
        for action, words in _SENT.items()
        if (found := _reached(line for line in done if line.action == action))
    ]
    missed = [one for line in done if line.recipients for one in line.recipients.refused]
    not_reached = _("It did not reach %(who)s.") % {"who": _people(missed)} if missed else ""
    return _sentences(*dict.fromkeys(decided), *sent, not_reached)


def _reached(lines: Iterable[StepLine]) -> list[str]:
    """Return whom messages went to, each once."""
    found: dict[str, None] = {}
    for line in lines:
        output = line.output if isinstance(line.output, dict) else {}
        to = output.get("phone") or output.get("to") or ()
        refused = line.recipients.refused if line.recipients else {}
        for one in [to] if isinstance(to, str) else to:
            if isinstance(one, str) and one not in refused:
                found[one] = None
    return list(found)


def _people(addresses: Sequence[str]) -> str:
    more = len(addresses) - MAX_NAMED
    if more <= 0:
        return listed((apart(one) for one in addresses), last=_(" and "))
    shown = listed(apart(one) for one in addresses[:MAX_NAMED])
    told = ngettext("%(people)s and %(count)s other", "%(people)s and %(count)s others", more)
    return told % {"people": shown, "count": more}


def _completed(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    done, skipped = _done(lines), _skipped(lines)
    if not done:
        if not skipped:
            return _sentences(_("Completed: there was nothing to do."), _stopped(lines))
        return _("Completed: there was nothing to do, %(skipped)s.") % {"skipped": skipped}
    if not skipped:
        told = _("Completed: %(done)s.") % {"done": done}
    else:
        told = _("Completed: %(done)s; %(skipped)s.") % {"done": done, "skipped": skipped}
    return _sentences(told, _outcomes(lines), _stopped(lines))


def _completed_with_errors(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    wrong = _in_state(lines, StepState.FAILED, StepState.UNKNOWN)
    partly = _in_state(lines, StepState.PARTLY)
    if not wrong and partly:
        told = _("Completed with errors: %(step)s was done only in part.")
        said = told % {"step": _quoted(partly[0])}
        return _sentences(said, partly[0].error, _outcomes(lines))
    values = {"done": _done(lines), "failed": _failures(wrong)}
    told = (
        _("Completed with errors: %(done)s, but %(failed)s.")
        if values["done"]
        else _("Completed with errors: %(failed)s.")
    )
    told = _sentences(told % values, wrong[0].error if wrong else "")
    if not partly:
        return _sentences(told, _outcomes(lines))
    in_part = _("%(step)s was done only in part.") % {"step": _quoted(partly[0])}
    return _sentences(told, in_part, partly[0].error, _outcomes(lines))


def _failed(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    wrong = _in_state(lines, StepState.FAILED, StepState.UNKNOWN)
    # One done in part, of which the workflow says that this is a failure.
    partly = _in_state(lines, StepState.PARTLY)
    wrong += [line for line in partly if line.name == facts.error_step]
    if not wrong:
        return _sentences(_("Failed."), run_error(facts))
    named = [line for line in wrong if line.name == facts.error_step]
    last = (named or wrong)[-1]
    told = _("Failed at %(step)s.") % {"step": _place(last, facts)}
    left = _in_state(lines, StepState.NOT_REACHED)
    rest = ngettext("%(steps)s was not reached.", "%(steps)s were not reached.", len(left)) % {
        "steps": _named(left)
    }
    # One that could not be carried on, in a call that may have arrived: both are to be known.
    is_both = last.state is StepState.UNKNOWN and facts.error_code not in {None, OUTCOME_UNKNOWN}
    why = run_error(facts) if is_both or not last.error else ""
    return _sentences(told, last.error, why, rest if left else "", _outcomes(lines))


def _cancelled(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    why = _why_ended(facts)
    # One that waited for its next try: a mail that some have got.
    ended_in = facts.ended_in.get("step_name")
    partly = [one for one in _in_state(lines, StepState.PARTLY) if one.name == ended_in]
    done = _done([one for one in lines if one not in partly])
    if unclear := _in_state(lines, StepState.UNKNOWN):
        told = _("Cancelled: %(done)s, the rest was not.") if done else _("Cancelled.")
        open_call = _("It is not clear whether %(step)s was done.") % {"step": _quoted(unclear[-1])}
        return _sentences(told % {"done": done}, open_call, unclear[-1].error, why)
    if partly:
        in_part = _("%(step)s was done only in part.") % {"step": _quoted(partly[-1])}
        told = _("Cancelled: %(done)s, the rest was not.") if done else _("Cancelled.")
        return _sentences(told % {"done": done}, in_part, partly[-1].error, why)
    if not done:
        return _sentences(_("Cancelled before anything was done."), why)
    told = _("Cancelled: %(done)s, the rest was not.") % {"done": done}
    return _sentences(told, why, _outcomes(lines))


def _left_out(facts: RunFacts, lines: Sequence[StepLine]) -> str:
    return _sentences(_("Skipped: nothing was done."), _why_ended(facts))


def _why_ended(facts: RunFacts) -> str:
    """Return why a run was not carried to its end; "" if a person wanted it so."""
    if facts.error_code and facts.error_code != CANCELLED:
        return sentence(facts.error_code, {})
    if facts.is_part and facts.status is RunStatus.CANCELLED:
        return _("The run that it is part of did not need it any more.")
    return facts.error_message or "" if facts.status is RunStatus.SKIPPED else ""


def _stopped(lines: Sequence[StepLine]) -> str:
    stops = [line for line in _in_state(lines, StepState.COMPLETED) if line.action == "stop"]
    if not stops or not _in_state(lines, StepState.NOT_REACHED):
        return ""
    return _("It ended early, at %(step)s.") % {"step": _quoted(stops[-1])}


def _in_state(lines: Sequence[StepLine], *states: StepState) -> list[StepLine]:
    return [line for line in lines if line.state in states]


def _done(lines: Sequence[StepLine]) -> str:
    done = _in_state(lines, StepState.COMPLETED, StepState.REUSED, StepState.PARTLY)
    # Each once, however many rounds it took. What only steers the run is nobody's work.
    done = list({line.name: line for line in done if line.action not in STEERING}.values())
    if not done:
        return ""
    told = ngettext("%(steps)s was done", "%(steps)s were done", len(done))
    return told % {"steps": _named(done)}


def _skipped(lines: Sequence[StepLine]) -> str:
    skipped = _in_state(lines, StepState.SKIPPED)
    if not skipped:
        return ""
    return ngettext("%(steps)s was skipped", "%(steps)s were skipped", len(skipped)) % {
        "steps": _named(skipped)
    }


def _failures(wrong: Sequence[StepLine]) -> str:
    wrong = list({line.name: line for line in wrong}.values())
    return ngettext("%(steps)s failed", "%(steps)s failed", len(wrong)) % {"steps": _named(wrong)}


def _named(lines: Sequence[StepLine]) -> str:
    if len(lines) > MAX_NAMED:
        return ngettext("%(count)s step", "%(count)s steps", len(lines)) % {"count": len(lines)}
    return listed(map(_quoted, lines), last=_(" and "))


def _quoted(line: StepLine) -> str:
    return _("“%(label)s”") % {"label": name_apart(line.label)}


def _place(line: StepLine, facts: RunFacts) -> str:
    number, _dot, inner = line.place.partition(".")
    words: dict[str, Any] = {
        "number": number,
        "total": len(facts.plan.steps),
        "step": _quoted(line),
        "outer": _("“%(label)s”") % {"label": name_apart(line.within)},
    }
    if not number.isdigit() or int(number) > len(facts.plan.steps):
        return str(words["step"])
    if inner:
        return _("step %(number)s of %(total)s, %(outer)s, at %(step)s") % words
    return _("step %(number)s of %(total)s, %(step)s") % words


def _sentences(*parts: str) -> str:
    """Return the parts one after the other; what another service said may lack its full stop."""
    given = [part for part in parts if part]
    ended = [part if part.rstrip(_CLOSING)[-1:] in _STOPS else f"{part}." for part in given[:-1]]
    return " ".join((*ended, *given[-1:]))


_TELLERS: Final[Mapping[RunStatus, Callable[[RunFacts, Sequence[StepLine]], str]]] = {
    RunStatus.QUEUED: _queued,
    RunStatus.RUNNING: _running,
    RunStatus.WAITING: _waiting,
    RunStatus.COMPLETED: _completed,
    RunStatus.COMPLETED_WITH_ERRORS: _completed_with_errors,
    RunStatus.FAILED: _failed,
    RunStatus.CANCELLED: _cancelled,
    RunStatus.SKIPPED: _left_out,
}
