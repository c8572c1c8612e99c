"""A draft as its pages read it: the answers, who is looking, and what they may change.

One rule: until the draft is shared, only the lead party's side sees it; after that, others see it and add their part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.conditions import Situation
from dsa.domain.errors import NotAllowed, Refusal
from dsa.domain.form import Form, Question, Section, is_asked
from dsa.domain.parties import Party, parties_of
from dsa.persistence import drafts
from dsa.persistence.drafts import Saved
from dsa.persistence.heads import Loaded, PartyRow
from dsa.services import content, permitting
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import open_for


@dataclass(frozen=True, slots=True)
class DraftView:
    """An opened draft. ``own`` is the party to which a reader of another side is confined; None for the lead's side.

    ``refusal`` says why the actor may not change anything; None where they may.
    """

    header: Header
    loaded: Loaded
    form: Form
    saved: Mapping[str, Saved]
    answers: Mapping[str, Any]
    parties: tuple[Party, ...]
    own: Party | None
    refusal: Refusal | None

    @property
    def may_edit(self) -> bool:
        """Whether the actor may change the draft, or at least their own party's answers."""
        return self.refusal is None

    @property
    def at(self) -> Situation:
        """What the form's conditions are judged on."""
        return self.form.situation(self.answers, self.parties)

    def asked(self, section: Section) -> tuple[Question, ...]:
        """The questions of a section that this reader is asked: all of them, or those of their own party."""
        at = self.at
        if self.own is None:
            return tuple(question for question in section.questions if is_asked(question, at))
        mine = at.of(self.own)
        return tuple(q for q in section.questions if q.per_party and not q.system and is_asked(q, mine))


def open_draft(ctx: Context, session: Session, actor: Actor, reference: str) -> DraftView:
    """The draft for a reader. Raises NotFound for strangers, NotAllowed for another party before it is shared."""
    loaded = open_for(ctx, session, actor, reference)
    mine = _own_party(actor, loaded)
    if mine is not None and loaded.head.shared_at is None:
        raise NotAllowed(
            "%(lead)s is still writing this draft and has not shared it. You can read it and add your answers once it "
            "is shared.",
            lead=loaded.lead.name,
        )
    form = content.form_of(ctx, session, loaded)
    saved = drafts.sections_of(session, loaded.head.id)
    answers = content.flat({key: one.answers for key, one in saved.items()})
    parties = parties_of(answers)
    own = None
    if mine is not None:
        own = next((party for party in parties if party.key == mine.key), Party(mine.key, mine.name, mine.code))
    refusal = permitting.why_not(ctx, session, actor, "edit" if own is None else "edit_own_part", loaded)
    return DraftView(header_of(ctx, session, loaded), loaded, form, saved, answers, parties, own, refusal)


def _own_party(actor: Actor, loaded: Loaded) -> PartyRow | None:
    """The party that a reader of another side belongs to; None for the lead's side and for an outside auditor."""
    if actor.sees_all or loaded.head.lead_organisation_id in actor.organisations:
        return None
    return next((party for party in loaded.parties if party.organisation_id in actor.organisations), None)
