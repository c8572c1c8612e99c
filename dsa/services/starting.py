"""Starting an agreement. One rule: time counts from the first contact as evidenced, else from this first save."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dsa.domain import events
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, NotAllowed
from dsa.domain.holding import Holding, who_has_it
from dsa.domain.integrity import GENESIS, section_hash
from dsa.domain.machine import Decision, Flow, PartyFact, Snapshot
from dsa.domain.parties import parties_of
from dsa.persistence import drafts, rows, steps, waiting
from dsa.services.chaining import actor_body, chained
from dsa.services.context import Context
from dsa.services.drafting import as_date, sync_parties

_LONDON = ZoneInfo("Europe/London")
_OPENING = time(9, 0)
MARKS = ("official", "official_sensitive")


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """What a start needs. ``answers`` are the form's answers by question key, the parties table among them.

    ``first_contact_on`` is when the parties first spoke, with its evidence; it may lie before today.
    """

    lead: str
    answers: Mapping[str, Any]
    route: str
    route_reasons: tuple[str, ...] = ()
    first_contact_on: date | None = None
    first_contact_evidence: str = ""
    parent_reference: str | None = None
    example: bool = False
    synthetic: bool = False


def start_agreement(ctx: Context, actor: Actor, new: NewAgreement) -> str:
    """Start an agreement led by the actor's organisation ``new.lead`` (its code); returns the reference.

    Raises NotAllowed where the actor does not draft for that organisation, BadInput where the parties are not usable.
    """
    held = actor.holding(["drafter"], [new.lead])
    if held is None:
        raise NotAllowed("Only a drafter can start an agreement. Ask your administrator for the role.")
    with ctx.database.writing() as session:
        ctx.calendars.refresh(session)
        now = ctx.clock.now()
        began = _began(new, now)
        flow = ctx.definitions.for_route(session, new.route)
        form_id = flow.workflow.form
        form = ctx.definitions.form(session, form_id, ctx.definitions.newest(session, "form", form_id))
        _demand_parties(session, new)
        reference = f"DSA-{now.year}-{drafts.next_number(session, f'reference-{now.year}'):04d}"
        head = _head(ctx, session, new, held, flow, reference, began, now)
        head |= {"form_id": form_id, "form_version": form.version, "drafter_id": actor.person_id}
        identifier = drafts.add_agreement(session, head)
        sync_parties(ctx, session, identifier, held.organisation_id, new.answers)
        for key, answers in form.sectioned(new.answers).items():
            if answers:
                drafts.save_section(
                    session,
                    agreement_id=identifier,
                    section=key,
                    seen=0,
                    answers=answers,
                    problems={},
                    digest=section_hash(key, answers),
                    person_id=actor.person_id,
                    at=now,
                )
        drafts.add_editor(session, agreement_id=identifier, person_id=actor.person_id, at=now)
        _first_event(ctx, session, actor, held, new, identifier, head, flow, began, now)
        return reference


def _began(new: NewAgreement, now: datetime) -> datetime:
    if new.first_contact_on is None:
        return now
    began = datetime.combine(new.first_contact_on, _OPENING, _LONDON).astimezone(UTC)
    if began > now:
        raise BadInput("The date of the first contact cannot be in the future.")
    return began


def _demand_parties(session: Session, new: NewAgreement) -> None:
    parties = parties_of(new.answers)
    known = drafts.organisations_by_code(session, [party.code for party in parties if party.code])
    codes = [party.code for party in parties if party.code]
    if new.lead not in codes:
        raise BadInput("Your own organisation (%(code)s) must be one of the parties.", code=new.lead)
    if len(set(codes)) != len(codes):
        raise BadInput("An organisation is named twice among the parties. Keep one row for each.")
    if len(parties) > 60:
        raise BadInput("An agreement can have up to 60 parties here.")
    # a party without a code is one that the directory does not have yet: it joins when an administrator adds it
    unknown = [party.name for party in parties if party.code and party.code not in known]
    if unknown:
        raise BadInput(
            "%(names)s: not in the directory of organisations. Ask your administrator to add them.",
            names=", ".join(unknown[:5]),
        )


def _head(
    ctx: Context,
    session: Session,
    new: NewAgreement,
    held: Held,
    flow: Flow,
    reference: str,
    began: datetime,
    now: datetime,
) -> dict[str, Any]:
    answers, first = new.answers, flow.workflow.first
    target = first.targets.get(new.route)
    calendar = ctx.calendars.of(session, held.organisation_id, _nation(session, new))
    mark = answers.get("classification")
    return {
        "reference": reference,
        "title": str(answers.get("title") or "Untitled agreement")[:300],
        "classification": mark if mark in MARKS else "official",
        "document_type": str(answers.get("doc_type") or ""),
        "route": new.route,
        "route_reasons": list(new.route_reasons),
        "workflow_id": flow.workflow.id,
        "workflow_version": flow.workflow.version,
        "stage": first.id,
        "head_seq": 0,
        "head_hash": GENESIS,
        "lead_organisation_id": held.organisation_id,
        "parent_reference": new.parent_reference,
        "first_contact_on": new.first_contact_on,
        "first_contact_evidence": new.first_contact_evidence or None,
        "date_needed": as_date(answers.get("date_needed")),
        "stage_entered_at": began,
        "stage_due_at": None if target is None else calendar.due_at(began, target),
        "is_example": new.example or ctx.demo,
        "is_synthetic": new.synthetic,
        "created_at": now,
        "updated_at": now,
        "moved_at": now,
    }


def _nation(session: Session, new: NewAgreement) -> str:
    return str(drafts.organisations_by_code(session, [new.lead])[new.lead].nation)


def _first_event(
    ctx: Context,
    session: Session,
    actor: Actor,
    held: Held,
    new: NewAgreement,
    identifier: int,
    head: Mapping[str, Any],
    flow: Flow,
    began: datetime,
    now: datetime,
) -> None:
    stage = flow.workflow.first
    lead = PartyFact("lead", new.lead, True, False, True)
    holding = who_has_it(flow, Snapshot(stage.id, 1, new.route, (lead,), ()))
    decision = Decision(stage.id, stage.id, 1, (stage.id,))
    calendar = ctx.calendars.of(session, held.organisation_id, _nation(session, new)).version
    target = stage.targets.get(new.route)
    entered = events.due_body(target_days=target, due_at=head["stage_due_at"], calendar_version=calendar)
    timing = events.Timing(entered=entered)
    effects = events.effects(decision, holding, timing, handed=True, on_hold=False)
    body = _first_body(ctx, actor, held, new, head, flow, began, now) | {"effects": effects}
    digest, row = chained(identifier, GENESIS, body)
    row |= {"happened_at": began, "recorded_at": now, "person_id": actor.person_id}
    steps.add_event(session, row | {"organisation_id": held.organisation_id, "side": None})
    assert holding is not None  # noqa: S101 - a first stage is never final
    entry = {"route": new.route, "due_at": head["stage_due_at"], "target_days": target, "calendar_version": calendar}
    _first_rows(session, identifier, held, holding, began, entry)
    drafts.update_agreement(
        session,
        identifier,
        head_seq=1,
        head_hash=digest,
        holder_owner=holding.owner,
        holder_role=holding.role,
        holder_reason=holding.reason,
        holder_since=began,
    )
    waiting.follow(session, identifier)


def _first_body(
    ctx: Context,
    actor: Actor,
    held: Held,
    new: NewAgreement,
    head: Mapping[str, Any],
    flow: Flow,
    began: datetime,
    now: datetime,
) -> dict[str, Any]:
    return {
        "agreement": head["reference"],
        "seq": 1,
        "version": 1,
        "kind": "AgreementStarted",
        "happened_at": events.moment(began),
        "recorded_at": events.moment(now),
        "simulated": ctx.simulated,
        "private": False,
        "actor": actor_body(actor, held),
        "facts": {
            "route": new.route,
            "workflow": {"id": flow.workflow.id, "version": flow.workflow.version},
            "first_contact_on": new.first_contact_on.isoformat() if new.first_contact_on else None,
            "parties": [party.content() for party in parties_of(new.answers)],
        },
        "notes": {},
    }


def _first_rows(
    session: Session, identifier: int, held: Held, holding: Holding, began: datetime, entry: Mapping[str, Any]
) -> None:
    """The first spell of the ledger and the first stay in a stage."""
    spell = {"agreement_id": identifier, "started_seq": 1, "owner": holding.owner, "outside": False}
    spell |= {"stage": holding.stage, "role": holding.role, "reason": holding.reason, "started_at": began}
    rows.add(session, "spells", spell)
    stay: dict[str, Any] = {"agreement_id": identifier, "entered_seq": 1, "stage": holding.stage, "round": 1}
    stay |= {"organisation_id": held.organisation_id, "entered_at": began, **entry}
    rows.add(session, "stage_entries", stay)
