"""The history of an agreement in sentences. One rule: what one side keeps to itself is told to that side only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.events import SENTENCES
from dsa.domain.form import Form
from dsa.domain.machine import Flow
from dsa.domain.reasons import REASONS
from dsa.persistence import history, visibility
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.services.task_reviews import section_title

_MADE_BY_THE_SERVICE = frozenset(
    {"DocumentIssued", "DocumentSealed", "DocumentRenewed", "DatesFixed", "DueDatesRecomputed"}
)
# Public facts of an event that are told below its sentence, with what each is called.
_TOLD = {
    "reason": "Reason",
    "why": "Why",
    "summary": "Summary",
    "question": "Question",
    "answer": "Answer",
    "text": "What is contested",
    "evidence": "How it was met",
    "authority": "Authority",
}

_SAID_IN_THE_SENTENCE = frozenset({"HoldBegan", "CorrectionMade", "DueDatesRecomputed", "TimetableChangeProposed"})


@dataclass(frozen=True, slots=True)
class PrivateText:
    """A text that only the reader's own side has. ``privileged`` marks legal advice."""

    text: str
    privileged: bool


@dataclass(frozen=True, slots=True)
class EventShown:
    """One event. ``message`` and ``params`` make its sentence; ``outcome`` and ``task_kind`` the words of a decision.

    ``happened_at`` is given only where it differs from ``recorded_at`` (both UTC). ``own_side``: others do not see it.
    ``contests`` is the ledger's entry that it speaks about, with the text.
    """

    seq: int
    post: str
    organisation: str
    recorded_at: datetime
    happened_at: datetime | None
    message: str
    params: Mapping[str, str]
    outcome: str | None
    task_kind: str
    told: tuple[tuple[str, str], ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    notes: tuple[PrivateText, ...] = ()
    own_side: bool = False
    simulated: bool = False
    digest: str = ""
    contests: tuple[int, str] | None = None
    kind: str = ""


@dataclass(slots=True)
class _Teller:
    """Turns rows into sentences for one reader."""

    flow: Flow
    form: Form
    names: Mapping[str, str]
    notes: Mapping[int, list[PrivateText]] = field(default_factory=dict)
    private: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def told(self, row: Any) -> EventShown:
        body = json.loads(row.body)
        facts: Mapping[str, Any] = body.get("facts") or self.private.get(row.seq, {})
        actor: Mapping[str, Any] = body.get("actor") or {}
        late = abs(row.recorded_at - row.happened_at) >= timedelta(minutes=1)
        return EventShown(
            row.seq,
            str(actor.get("post", "")) if row.kind not in _MADE_BY_THE_SERVICE else "",
            self.names.get(str(actor.get("organisation")), str(actor.get("organisation", ""))),
            row.recorded_at,
            row.happened_at if late else None,
            SENTENCES.get(row.kind, row.kind),
            self._params(facts),
            str(facts["outcome"]) if "outcome" in facts else None,
            self._kind(facts),
            tuple((words, str(facts[name])) for name, words in _TOLD.items() if self._is_told(name, row.kind, facts)),
            self._asked(facts),
            tuple(self.notes.get(row.seq, ())),
            row.side is not None,
            bool(body.get("simulated")),
            row.hash,
            (int(facts["spell"]), str(facts.get("text", ""))) if row.kind == "AttributionContested" else None,
            row.kind,
        )

    def _params(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Every parameter that a sentence may name, so that none fails for want of one."""
        task = str(facts.get("title") or self._rule_title(str(facts.get("task", ""))))
        return {
            "section": section_title(self.form, str(facts.get("section", ""))),
            "task": task,
            "outcome": str(facts.get("outcome", "")),
            "reason": self._reason(facts),
            "route": str(facts.get("route", "")),
            "to": str(facts.get("to", "")),
            "version": str(facts.get("version", "")),
            "party": str(facts.get("party", "")),
            "awaited": self.names.get(str(facts.get("awaited")), str(facts.get("awaited", ""))),
            "duty": str(facts.get("duty", "")),
            "stage": str(facts.get("stage", "")),
            "holder": self.names.get(str(facts.get("holder")), str(facts.get("holder", ""))),
            "name": str(facts.get("name", "")),
        }

    def _reason(self, facts: Mapping[str, Any]) -> str:
        return str(facts.get("reason", ""))

    def _rule_title(self, key: str) -> str:
        try:
            return self.flow.workflow.rule(key.split(":")[0]).title
        except KeyError:
            return key

    def _kind(self, facts: Mapping[str, Any]) -> str:
        try:
            return self.flow.workflow.rule(str(facts.get("task", "")).split(":")[0]).kind
        except KeyError:
            return ""

    def _is_told(self, name: str, kind: str, facts: Mapping[str, Any]) -> bool:
        if name == "reason" and kind in _SAID_IN_THE_SENTENCE:
            return False  # said in the sentence
        return bool(facts.get(name)) and isinstance(facts[name], str)

    def _asked(self, facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """(section, reason) of each change that was asked for."""
        return tuple(
            (
                section_title(self.form, str(change.get("section", ""))),
                REASONS[change["code"]].label if change.get("code") in REASONS else "",
            )
            for change in facts.get("changes") or ()
            if isinstance(change, Mapping)
        )


def events_shown(ctx: Context, session: Session, loaded: Loaded, actor: Actor) -> tuple[EventShown, ...]:
    """What happened, newest first, as far as the actor's side may see it."""
    sides = visibility.sides(actor)
    notes: dict[int, list[PrivateText]] = {}
    for note in history.notes_for(session, loaded.head.id, sides):
        if note.side_id in sides or not note.privileged:
            notes.setdefault(note.event_seq, []).append(PrivateText(note.text, note.privileged))
    names = {party.code: party.name for party in loaded.parties}
    private = history.private_facts(session, loaded.head.id, sides)
    teller = _Teller(flow_of(ctx, session, loaded), content.form_of(ctx, session, loaded), names, notes, private)
    return tuple(teller.told(row) for row in reversed(history.events_for(session, loaded.head.id, sides)))
