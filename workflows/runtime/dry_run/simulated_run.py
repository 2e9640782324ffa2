"""One run of a dry run: what it carries out, and as which claim it shows itself to actions."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.facts import TenantFacts
from workflows.engine.history.results import Results
from workflows.engine.progress import ChildRun
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.programs import LoadedProgram
from workflows.runtime.runs.scopes import ParentScope, one_deeper


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """What a run carries out, and what surrounds it."""

    loaded: LoadedProgram
    definition_id: UUID
    version: int
    around: ParentScope
    entry: int = 0
    is_child: bool = False
    subject: tuple[str, str] = ("", "")
    actor: str = ""
    run_id: UUID = field(default_factory=uuid7)

    def claim(self, tenant: TenantFacts, now: datetime) -> Claim:
        """Return the run as actions and templates see it. No row stands behind it."""
        deadline = None if self.is_child else self.loaded.program.settings.deadline
        return Claim(
            run_id=self.run_id,
            tenant_id=tenant.id,
            definition_id=self.definition_id,
            version=self.version,
            event_id=None,
            payload=self.around.payload,
            results=(),
            step=self.entry,
            pending=None,
            token=0,
            actor=self.actor,
            subject_type=self.subject[0],
            subject_id=self.subject[1],
            started_at=now,
            claimed_at=now,
            cancel_asked=False,
            depth=0,
            previous=self.around.previous,
            crashes=0,
            parent_run=None,
            entry=self.entry,
            item_index=None,
            item=None,
            has_item=False,
            lane=None,
            holds_lane=False,
            deadline_at=now + deadline if deadline else None,
            children_open=0,
            created_at=now,
        )

    def child(self, child: ChildRun, results: Results) -> "SimulatedRun":
        loop = dict(self.around.loop)
        if child.has_item:
            loop = one_deeper(loop, child.item, child.item_index)
        around = ParentScope(
            self.around.payload,
            self.around.previous,
            Results([*self.around.results, *results]),
            loop,
            self.around.called,
        )
        return self._of(around, child.entry)

    def _of(self, around: ParentScope, entry: int) -> "SimulatedRun":
        return SimulatedRun(
            self.loaded,
            self.definition_id,
            self.version,
            around,
            entry=entry,
            is_child=True,
            subject=self.subject,
            actor=self.actor,
        )

    def called(
        self, loaded: LoadedProgram, workflow: tuple[UUID, int], handed: Json
    ) -> "SimulatedRun":
        definition_id, version = workflow
        around = ParentScope(handed, None, called=self.around.called + 1)
        return SimulatedRun(loaded, definition_id, version, around, is_child=True, actor=self.actor)
