"""Why something cannot be done to a run, in words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

SENTENCES: Final[Mapping[str, Any]] = {
    "run_has_ended": _("The run has ended already: there is nothing left to cancel."),
    "not_failed": _("The run has not failed, or somebody has retried it meanwhile."),
    "nothing_failed": _(
        "No step of this run failed, so there is none to go on from. Start it again from the "
        "beginning instead."
    ),
    "still_running": _("The run has not ended yet. Cancel it first, or wait for its end."),
    "already_under_way": _(
        "It was started again a moment ago, and that run is not finished yet. Wait for its end."
    ),
    "unknown_step": _("The version has no step with this name."),
    "inside_a_step": _(
        "This step belongs to another one, or is only done after a failure, so no run can begin "
        "with it. Choose the step that it stands in, or an earlier one."
    ),
    "results_missing": _(
        "A step before this one has no result that could be taken over. Choose an earlier step."
    ),
    "not_reached": _(
        "This run did not come to this step: it went another way, or did not get past a step "
        "before. Choose a step that it came to."
    ),
    "decided_on_other_values": _(
        "Somebody decided before this step, and with other values has to decide anew. Start at "
        "that question, or before it."
    ),
    "decided_otherwise": _(
        "What was changed concerns a step before this one: with it, the run might come another "
        "way, or work with other results. Start at an earlier step, or from the beginning."
    ),
    "asks_otherwise": _(
        "This version asks otherwise, or others, than those who decided before this step. Start at "
        "that question, or before it."
    ),
    "decision_used": _(
        "What somebody decided before this step has been acted on already, and one decision is "
        "good for one time. Start at that question, or before it: then it is asked again."
    ),
    "filtered_out": _("The workflow does not start with these values: its filter says no."),
    "asks_on_values_of_the_run": _(
        "This workflow asks people to decide, and a single step with other values would do what "
        "nobody decided on. Start it again from the beginning with the values of today."
    ),
    "never_published": _("There is no such version of the workflow any more."),
    "program_unreadable": _(
        "This installation cannot carry out the version that the run belongs to. Start it again on "
        "the newest version instead."
    ),
    "not_from_a_record": _(
        "The run was not started by a record, so there are no values of today to take."
    ),
    "record_gone": _("The record does not exist any more."),
    "values_handed_over": _(
        "The failed step belongs to a workflow that was called with its own values. Start the run "
        "again from the step that calls it."
    ),
    "went_on": _(
        "The run went on behind this step and has ended, and the step cannot be done alone. Start "
        "the run again from it."
    ),
    "failed_elsewhere": _(
        "Another step stopped the run. Let it go on there first; then this one can be done."
    ),
    "done_meanwhile": _("This has changed since the page was opened: look at it again."),
    "not_by_hand": _("What this step does is done by nobody outside. Do it again instead."),
    "no_value_written": _("Write the right value."),
    "no_number_written": _("Write a number."),
    "refused_by_record": _("The record cannot have this value: another one has it, for example."),
    "taken_by_other": _("Somebody else has taken it meanwhile."),
    "is_a_part": _("This run is a part of another one. Only the whole can be retried."),
    "unknown_run": _("There is no such run."),
}


def refusal_sentence(code: str) -> str:
    """Return why it cannot be done; an unknown code is shown as it is."""
    return str(SENTENCES.get(code, code))
