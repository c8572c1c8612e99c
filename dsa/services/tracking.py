"""Beginning to follow an agreement that lives on paper elsewhere, as a row of a sheet reports it.

One rule: dates are as reported and marked so. Who had it from the reported start to the day that it came to where it
stands is not known here, and that time is nobody's: no organisation is blamed on a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dsa.domain import events
from dsa.domain.actor import Actor, Held
from dsa.domain.holding import Holding, who_has_it
from dsa.domain.integrity import GENESIS, section_hash
from dsa.domain.machine import Decision, Flow, PartyFact, Snapshot, TaskFact
from dsa.domain.parties import parties_of
from dsa.domain.reasons import BEFORE, NOT_KNOWN
from dsa.domain.reported import Case
from dsa.domain.starting import party_key
from dsa.domain.tracking import TRACKED, asks, decide_report, report_task
from dsa.persistence import drafts, rows, steps, waiting
from dsa.services.chaining import actor_body, chained
from dsa.services.context import Context
from dsa.services.drafting import sync_parties
from dsa.timekeeping.calendar import WorkingCalendar

_LONDON = ZoneInfo("Europe/London")
_OPENING, _CLOSING = time(9, 0), time(17, 0)
ROUTE = "standard"


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation of the directory as a party: its id, code, name, nation and type, and the role to ask there."""

    id: int
    code: str
    name: str
    nation: str
    body_type: str
    asked: str


@dataclass(slots=True)
class Tracker:
    """Writes agreements that are followed from now on, each with its two first events."""

    ctx: Context
    session: Session
    actor: Actor
    held: Held
    flow: Flow
    bodies: Mapping[str, Body]
    source: str
    now: datetime

    def begin(self, case: Case) -> tuple[int, str]:
        """Begin to follow one; returns its id and reference."""
        began = min(_at(case.started), self.now)
        reference = f"DSA-{self.now.year}-{drafts.next_number(self.session, f'reference-{self.now.year}'):04d}"
        answers = {"title": case.title, "parties": self._party_rows(case)}
        identifier = drafts.add_agreement(self.session, self._head(case, reference, began))
        sync_parties(self.ctx, self.session, identifier, self.held.organisation_id, answers)
        form = self.ctx.definitions.form(self.session, *self._form())
        for key, section in form.sectioned(answers).items():
            drafts.save_section(
                self.session, agreement_id=identifier, section=key, seen=0, answers=section, problems={},
                digest=section_hash(key, section), person_id=self.actor.person_id, at=self.now,
            )  # fmt: skip
        self._events(case, identifier, reference, began, answers)
        return identifier, reference

    # The head and its parties

    def _form(self) -> tuple[str, int]:
        form = self.flow.workflow.form
        return form, self.ctx.definitions.newest(self.session, "form", form)

    def _party_rows(self, case: Case) -> list[dict[str, Any]]:
        """Our own organisation first; a party that the directory does not know is kept by its name alone."""
        own = self.bodies[self.held.organisation]
        named = [(own.code, own.name), *case.parties, *([case.holder] if case.holder and case.holder[0] else [])]
        found: dict[str, dict[str, Any]] = {}
        for code, name in named:
            body = self.bodies.get(code)
            row = {"id": party_key(code or name), "name": name}
            if body is not None:
                row |= {"code": code, "nation": body.nation, "body_type": body.body_type}
            found.setdefault(row["id"], row)
        return list(found.values())

    def _calendar(self, code: str) -> WorkingCalendar:
        body = self.bodies[code]
        return self.ctx.calendars.of(self.session, body.id, body.nation)

    def _head(self, case: Case, reference: str, began: datetime) -> dict[str, Any]:
        form, version = self._form()
        outside = case.holder[1] if case.holder is not None and not case.holder[0] else None
        return {
            "reference": reference, "title": case.title, "classification": "official", "document_type": "",
            "route": ROUTE, "route_reasons": [], "workflow_id": self.flow.workflow.id,
            "workflow_version": self.flow.workflow.version, "form_id": form, "form_version": version,
            "stage": case.stage, "head_seq": 0, "head_hash": GENESIS,
            "lead_organisation_id": self.held.organisation_id, "first_contact_on": case.started,
            "first_contact_evidence": self.source, "stage_entered_at": began, "tracking": TRACKED,
            "reported_outside": outside if asks(self.flow, case.stage) else None,
            "is_example": self.ctx.demo, "is_synthetic": self.ctx.demo,
            "created_at": self.now, "updated_at": self.now,
        }  # fmt: skip

    # The two events

    def _events(self, case: Case, identifier: int, reference: str, began: datetime, answers: Mapping[str, Any]) -> None:
        """TrackingBegan: from the reported start nobody known has it. HolderReported: where it stands, with whom."""
        stage = self.flow.stages[case.stage]
        lead = PartyFact(party_key(self.held.organisation), self.held.organisation, True, False, True)
        before = Snapshot(case.stage, 1, ROUTE, (lead,), ())
        by_stage = who_has_it(self.flow, before)
        assert by_stage is not None  # noqa: S101 - an open case is in no final stage
        first = replace(by_stage, owner=NOT_KNOWN, reason=BEFORE)
        facts: dict[str, Any] = {"route": ROUTE, "source": self.source, "reported_reference": case.reference}
        facts |= {"workflow": {"id": self.flow.workflow.id, "version": self.flow.workflow.version}}
        facts |= {"first_contact_on": case.started.isoformat(), "sure": dict(case.sure)}
        facts |= {"parties": [party.content() for party in parties_of(answers)]}
        nothing = Decision(stage.id, stage.id, 1, (stage.id,))
        begun = events.effects(nothing, first, events.Timing(), handed=True, on_hold=False)
        digest = self._event(identifier, GENESIS, reference, 1, "TrackingBegan", began, facts, begun)
        arrived = min(max(_at(case.since), began), self.now) if case.since is not None else self.now
        task = self._task(case)
        decision = decide_report(before, stage=stage.id, task=task, anew=True)
        outside = case.holder[1] if case.holder is not None and not case.holder[0] else ""
        parties = (
            (lead,) if task is None else (lead, PartyFact(task.party or "", task.organisation, True, False, False))
        )
        reached = Snapshot(stage.id, 1, ROUTE, parties, decision.tasks, outside_body=outside if task else "")
        holding = who_has_it(self.flow, reached)
        assert holding is not None  # noqa: S101 - as above
        entered = self._due(case, arrived, self.held.organisation)
        if case.since is None:
            entered["since_known"] = False
        dues = {} if task is None else {task.key: self._due(case, arrived, task.organisation)}
        timing = events.Timing(dues=dues, entered=entered)
        effects = events.effects(decision, holding, timing, handed=True, on_hold=False)
        said = {"holder": holding.owner, "stage": stage.title, "due": case.due.isoformat() if case.due else None}
        digest = self._event(identifier, digest, reference, 2, "HolderReported", arrived, said, effects)
        self._rows(identifier, first, holding, began, arrived, entered, task, dues)
        drafts.update_agreement(
            self.session, identifier, head_seq=2, version=2, head_hash=digest, holder_owner=holding.owner,
            holder_role=holding.role, holder_reason=holding.reason, holder_since=arrived, stage_entered_at=arrived,
            stage_due_at=_read(entered["due_at"]), moved_at=arrived,
        )  # fmt: skip
        waiting.follow(self.session, identifier)

    def _task(self, case: Case) -> TaskFact | None:
        if not asks(self.flow, case.stage):
            return None
        code = case.holder[0] if case.holder is not None and case.holder[0] else self.held.organisation
        asked = self.bodies[code].asked
        return report_task(seq=2, stage=case.stage, round_=1, party=party_key(code), organisation=code, role=asked)

    def _due(self, case: Case, arrived: datetime, code: str) -> dict[str, Any]:
        """The reported due day, which no change of a calendar moves; else the stage's target from its arrival there."""
        calendar = self._calendar(code)
        target = None if case.due is not None else self.flow.stages[case.stage].targets.get(ROUTE, 0)
        due = _at(case.due, _CLOSING) if case.due is not None else calendar.due_at(arrived, target or 0)
        return events.due_body(target_days=target, due_at=due, calendar_version=calendar.version)

    def _event(
        self, identifier: int, prev: str, reference: str, seq: int, kind: str, happened: datetime,
        facts: Mapping[str, Any], effects: Mapping[str, Any],
    ) -> str:  # fmt: skip
        body = {
            "agreement": reference, "seq": seq, "version": seq, "kind": kind, "happened_at": events.moment(happened),
            "recorded_at": events.moment(self.now), "simulated": self.ctx.simulated, "private": False,
            "actor": actor_body(self.actor, self.held), "facts": dict(facts), "notes": {}, "effects": effects,
        }  # fmt: skip
        digest, row = chained(identifier, prev, body)
        row |= {"happened_at": happened, "recorded_at": self.now, "person_id": self.actor.person_id, "side": None}
        steps.add_event(self.session, row | {"organisation_id": self.held.organisation_id})
        return digest

    def _rows(
        self, identifier: int, first: Holding, holding: Holding, began: datetime, arrived: datetime,
        entered: Mapping[str, Any], task: TaskFact | None, dues: Mapping[str, Mapping[str, Any]],
    ) -> None:  # fmt: skip
        """Two spells without a gap, the stay in the stage, and the task of whoever has it."""
        common = {"agreement_id": identifier, "outside": False}
        closed = {"started_seq": 1, "started_at": began, "ended_at": arrived, "ended_seq": 2}
        rows.add(self.session, "spells", common | _spell(first) | closed)
        rows.add(self.session, "spells", common | _spell(holding) | {"started_seq": 2, "started_at": arrived})
        stay = {"agreement_id": identifier, "entered_seq": 2, "stage": holding.stage, "round": 1, "route": ROUTE}
        stay |= {"organisation_id": self.held.organisation_id, "entered_at": arrived, **entered}
        rows.add(self.session, "stage_entries", stay | {"due_at": _read(entered["due_at"])})
        if task is not None:
            row = {"agreement_id": identifier, "stage": task.stage, "round": 1, "key": task.key, "rule": task.rule}
            row |= {"kind": task.kind, "party_key": task.party, "role": task.role, "status": "open"}
            row |= {"organisation_id": self.bodies[task.organisation].id, "opened_seq": 2, "opened_at": arrived}
            row |= {**dues[task.key], "due_at": _read(dues[task.key]["due_at"])}
            rows.add(self.session, "tasks", row)


def _spell(holding: Holding) -> dict[str, Any]:
    return {
        "owner": holding.owner, "outside": holding.outside, "stage": holding.stage, "role": holding.role,
        "reason": holding.reason,
    }  # fmt: skip


def _at(day: date, hour: time = _OPENING) -> datetime:
    """A reported day as a moment (UTC): the opening of that day in London, the close for a due day."""
    return datetime.combine(day, hour, _LONDON).astimezone(UTC)


def _read(text: Any) -> datetime:
    return datetime.fromisoformat(text)
