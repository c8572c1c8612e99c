"""The ledger of one agreement along its critical path: the stretches, and who had each.

One rule: the record, the timeline, the lists and the figures of all agreements ask here, so that their days are the
same days.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from dsa.domain.machine import Flow
from dsa.domain.workflow import ROLES, TaskRule
from dsa.services.moving import target_of
from dsa.timekeeping.attribution import Attribution
from dsa.timekeeping.calendar import Pause, WorkingCalendar
from dsa.timekeeping.ledger import Holder, Spell
from dsa.timekeeping.nations import BeyondCalendar
from dsa.timekeeping.parallel import Branch, Piece, along_path, path_of


@dataclass
class OwnedTime:
    """One agreement's rows of ``queries_time`` (spells, stays, tasks its stages wait for, questions, holds).

    ``lead`` is the code of the lead party, ``names`` gives those of organisations by code, and ``end`` (UTC) is where
    its time ends: its own end, or now.
    """

    flow: Flow
    route: str
    spells: Sequence[Any]
    stays: Sequence[Any]
    tasks: Sequence[Any]
    questions: Sequence[Any]
    holds: Sequence[Any]
    lead: str
    names: Mapping[str, str]
    end: datetime
    calendar_of: Callable[[Holder], WorkingCalendar]

    @cached_property
    def paths(self) -> dict[int, Attribution | None]:
        """The critical path of each stay with tasks, by the place of the event that entered it."""
        return {
            seq: path_of(branches, now=self.end, calendar_of=self.calendar_of)
            for seq, branches in self._branches.items()
        }

    def pieces(self) -> tuple[Piece, ...]:
        """The stretches of the ledger, each with whoever had it along the critical path."""
        spells = tuple(
            Spell(Holder(r.owner, r.outside, r.stage, r.role, r.reason), r.started_at, r.ended_at) for r in self.spells
        )
        stays = zip(self._branches.values(), self.paths.values(), strict=True)
        return along_path(spells, stays, lead=self.lead, now=self.end, overrun=self._overrun())

    @property
    def changes_by_itself(self) -> bool:
        """Whether who had it may come out otherwise on a later day though nothing happens.

        So it is while a hold lasts, and while more than one task of a stay is waited for.
        """
        waited = [sum(branch.done_at is None for branch in each) for each in self._branches.values()]
        return any(hold.ended_at is None for hold in self.holds) or max(waited, default=0) > 1

    @cached_property
    def _branches(self) -> dict[int, list[Branch]]:
        """The tasks of each stay that its stage waited for."""
        entered = [(stay.entered_seq, stay.stage) for stay in self.stays]
        by_stay: dict[int, list[Any]] = {}
        for row in self.tasks:
            mine = [seq for seq, stage in entered if stage == row.stage and seq <= row.opened_seq]
            if mine and not self.flow.workflow.rule(row.rule).outside:
                by_stay.setdefault(mine[-1], []).append(row)
        return {seq: [self._branch(row, rows) for row in rows] for seq, rows in by_stay.items()}

    def _branch(self, row: Any, rows: Iterable[Any]) -> Branch:
        stage, rule = self.flow.stages[row.stage], self.flow.workflow.rule(row.rule)
        holder = Holder(row.code, False, stage.id, row.role, stage.reason)
        return Branch(
            row.id,
            ", ".join((ROLES.get(row.role, row.role), self.names.get(row.code, row.code))),
            holder,
            row.opened_at,
            row.done_at,
            self._expected(row, rule, holder),
            Holder(self.lead, False, stage.id, "drafter", "answering"),
            tuple(r.id for r in rows if r.rule == rule.after and r.party_key == row.party_key) if rule.after else (),
            tuple(
                (q.asked_at, q.answered_at or self.end)
                for q in self.questions
                if q.task_id == row.id and q.asked_seq > row.opened_seq
            ),
            row.status == "lapsed",
        )

    def _expected(self, row: Any, rule: TaskRule, holder: Holder) -> datetime:
        """When an open task should end, with what can only follow it: its due moment, and the target of that."""
        at: datetime = max(row.due_at, self.end)
        if row.done_at is not None:
            return at
        follows = [each for each in self.flow.stages[row.stage].tasks if each.after == rule.id and each.required]
        if follows:
            days = max(target_of(each, self.route) for each in follows)
            try:
                at = self.calendar_of(holder).due_at(at, days)
            except BeyondCalendar:
                return at
        return at

    def _overrun(self) -> list[Pause]:
        """The stretches in which a hold lasted beyond the day that it named."""
        return [(hold.until, end) for hold in self.holds if hold.until < (end := hold.ended_at or self.end)]
