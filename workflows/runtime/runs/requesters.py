"""Who stands behind a run: everybody who counts as having asked for what it does.

The chain is followed when somebody is asked, not carried along: that costs the runs which ask
nobody nothing, and holds for runs that older releases started.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from workflows.engine.history.entries import has_event
from workflows.runtime.database import rows

# The events that started a run, or came to a wait of it.
_BEHIND: Final = """
    event.tenant_id = %(tenant)s AND event.id IN (
        SELECT run.event_id UNION ALL
        SELECT unnest(%(came)s::uuid[]) WHERE run.id = %(run)s UNION ALL
        SELECT CASE WHEN entry ->> 'action' = 'wait_for_event'
            THEN (entry #>> '{output,event_id}')::uuid END
        FROM jsonb_array_elements(run.step_results) AS steps (entry))
"""

# The child runs of the steps that a run has finished: what came to their waits is in its results.
# Who asks has none under way; what they came to may not stand in its row yet. Children of programs
# in which nothing waits are not looked at, however many there are.
_CHILDREN: Final = """
    SELECT child.id FROM workflow_versions version
    JOIN workflow_runs child ON child.parent_run = run.id AND child.tenant_id = %(tenant)s
    WHERE version.definition_id = run.definition_id AND version.version = run.version
        AND version.program -> 'schemas' ?| ARRAY['wait_for_event', 'run_workflow']
        AND (run.id = %(run)s OR EXISTS (
            SELECT 1 FROM jsonb_array_elements(run.step_results) AS steps (done)
            WHERE child.id BETWEEN (done #>> '{children,0}')::uuid
                AND (done #>> '{children,1}')::uuid))
"""

# From a run to those above it, those below it whose results it has, those it was taken from, and
# those whose events started it, or came to a wait of it. Of each: who started it, who retried it,
# who fired its events; of a schedule, who had changed it last; of a key, who made it.
REQUESTERS: Final = f"""
WITH RECURSIVE chain (run_id) AS (
    SELECT %(run)s::uuid
    UNION
    SELECT above.id FROM chain
    JOIN workflow_runs run ON run.id = chain.run_id AND run.tenant_id = %(tenant)s
    CROSS JOIN LATERAL (
        SELECT run.parent_run UNION ALL SELECT run.retried_from UNION ALL
        SELECT event.caused_by_run FROM workflow_events event WHERE {_BEHIND} UNION ALL
        {_CHILDREN}
    ) AS above (id)
    WHERE above.id IS NOT NULL
), said (who) AS (
    SELECT behind.who FROM chain
    JOIN workflow_runs run ON run.id = chain.run_id AND run.tenant_id = %(tenant)s
    CROSS JOIN LATERAL (
        SELECT run.actor UNION ALL SELECT unnest(run.retried_by) UNION ALL
        SELECT unnest(ARRAY[event.actor, event.initiator])
        FROM workflow_events event WHERE {_BEHIND}
    ) AS behind (who)
)
SELECT who FROM said WHERE who <> '' AND who NOT LIKE 'run:%%'
UNION
SELECT 'user:' || maker.username FROM said
JOIN api_keys made ON said.who = 'api_key:' || made.prefix AND made.tenant_id = %(tenant)s
JOIN users maker ON maker.id = made.made_by_id
"""  # noqa: S608  # a constant of this module


def requesters_of(tenant_id: UUID, run_id: UUID, came: Sequence[UUID] = ()) -> list[str]:
    """Return everybody behind a run, as “kind:name”, in order of their names.

    `came` are events that came to its waits, and do not stand in its row yet.
    """
    asked = {"tenant": tenant_id, "run": run_id, "came": list(came)}
    return sorted(who for (who,) in rows(REQUESTERS, asked))


def events_in(entries: Sequence[Mapping[str, Any]]) -> list[UUID]:
    waits = (entry for entry in entries if entry["action"] == "wait_for_event")
    return [UUID(entry["output"]["event_id"]) for entry in waits if has_event(entry)]
