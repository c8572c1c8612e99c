"""Drafting: start an agreement, save a section, share the draft, respond to requests for changes.

One rule: a draft always saves, mistakes and all; mistakes stop the sending, never the saving.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.answers import read_answer
from dsa.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from dsa.domain.integrity import section_hash
from dsa.domain.parties import parties_of
from dsa.persistence import drafts, work
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import Happening, demand_version, open_for, take
from dsa.services.permitting import demand


@dataclass(frozen=True, slots=True)
class SectionSaved:
    """The outcome of a save: the new revision and what is wrong, by question key."""

    revision: int
    problems: Mapping[str, str]
    changed: tuple[str, ...]
    at: datetime


class SectionConflict(Conflict):
    """Somebody saved the section meanwhile; ``theirs`` is what they wrote, ``mine`` what was not saved."""

    def __init__(self, *, theirs: Mapping[str, Any], mine: Mapping[str, Any], who: str, at: datetime) -> None:
        super().__init__(
            "%(who)s changed this section while you had it open. Below are both texts. Choose what to keep, then save.",
            who=who,
        )
        self.theirs, self.mine, self.at = theirs, mine, at


@dataclass(frozen=True, slots=True)
class Correction:
    """Why a drafter corrected an answer: recorded with the save."""

    reason: str
    rule: str = ""
    paths: tuple[str, ...] = field(default=())


def save_section(
    ctx: Context,
    actor: Actor,
    reference: str,
    section: str,
    raw: Mapping[str, Any],
    *,
    seen_revision: int,
    correction: Correction | None = None,
) -> SectionSaved:
    """Save one section of the draft. ``raw`` maps question key to a JSON value; keys left out keep their answer.

    A party that does not lead saves only its own answers to per-party questions. Raises SectionConflict when the
    section was saved meanwhile, BadInput for a question that the section does not have.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        form = content.form_of(ctx, session, loaded)
        page = form.section(section)
        if page is None:
            raise NotFound("The form has no section “%(section)s”.", section=section)
        held = _editor(ctx, session, actor, loaded)
        saved = drafts.sections_of(session, loaded.head.id)
        before = dict(saved[section].answers) if section in saved else {}
        revision = saved[section].revision if section in saved else 0
        mine = _merged(page, before, raw, _own_key(loaded, held))
        if section in saved and revision != seen_revision:  # what nobody has saved yet cannot be in conflict
            raise _conflict(session, saved[section], mine)
        problems = _problems(page, mine)
        changed = tuple(sorted(key for key in {*before, *mine} if before.get(key) != mine.get(key)))
        at = max(ctx.clock.now(), loaded.head.updated_at)
        if not changed and revision:
            return SectionSaved(revision, problems, (), at)
        save = _Save(section, revision, mine, problems, changed, at)
        number = _write(ctx, session, loaded, actor, held, save, correction)
        return SectionSaved(number, problems, changed, at)


@dataclass(frozen=True, slots=True)
class _Save:
    """One save as it is written."""

    section: str
    seen: int
    answers: Mapping[str, Any]
    problems: Mapping[str, str]
    changed: tuple[str, ...]
    at: datetime


def _conflict(session: Session, saved: drafts.Saved, mine: Mapping[str, Any]) -> SectionConflict:
    who = work.person_name(session, saved.saved_by_id)
    return SectionConflict(theirs=saved.answers, mine=mine, who=who, at=saved.saved_at)


def _write(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    actor: Actor,
    held: Held,
    save: _Save,
    correction: Correction | None,
) -> int:
    new_revision = drafts.save_section(
        session,
        agreement_id=loaded.head.id,
        section=save.section,
        seen=save.seen,
        answers=save.answers,
        problems=save.problems,
        digest=_hash(save.section, save.answers),
        person_id=actor.person_id,
        at=save.at,
    )
    drafts.add_editor(session, agreement_id=loaded.head.id, person_id=actor.person_id, at=save.at)
    _follow(ctx, session, loaded, save.section, save.answers)
    facts: dict[str, Any] = {"section": save.section, "changed": list(save.changed), "revision": new_revision}
    if correction:
        facts |= {"reason": correction.reason, "rule": correction.rule, "paths": list(correction.paths)}
    kind = "CorrectionMade" if correction else "SectionSaved"
    private = loaded.head.shared_at is None
    take(ctx, session, loaded, actor, held, Happening(kind, facts, private=private), bump=False)
    return new_revision


def _editor(ctx: Context, session: Session, actor: Actor, loaded: Loaded) -> Held:
    refusal = None
    for action in ("edit", "edit_own_part"):
        if action == "edit_own_part" and loaded.head.shared_at is None:
            break
        try:
            return demand(ctx, session, actor, action, loaded)
        except NotAllowed as problem:
            refusal = refusal or problem
    raise refusal or NotAllowed("You cannot change the draft.")


def _own_key(loaded: Loaded, held: Held) -> str | None:
    """The party key to which a non-lead editor is confined; None for the lead."""
    if held.organisation_id == loaded.head.lead_organisation_id:
        return None
    return next(p.key for p in loaded.parties if p.organisation_id == held.organisation_id)


def _merged(page: Any, before: Mapping[str, Any], raw: Mapping[str, Any], own: str | None) -> dict[str, Any]:
    known = {question.key: question for question in page.questions}
    result = dict(before)
    for key, value in raw.items():
        question = known.get(key)
        if question is None:
            raise BadInput("The section “%(section)s” has no question “%(key)s”.", section=page.title, key=key)
        read, _problem = read_answer(question, value)
        if own is not None:
            if not question.per_party:
                continue
            mine = read.get(own) if isinstance(read, Mapping) else None
            earlier = before.get(key)
            others = {k: v for k, v in earlier.items() if k != own} if isinstance(earlier, Mapping) else {}
            read = {**others, **({own: mine} if mine is not None else {})}
        if read in (None, "", [], {}):
            result.pop(key, None)
        else:
            result[key] = read
    return result


def _problems(page: Any, answers: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for question in page.questions:
        if question.key in answers:
            _, problem = read_answer(question, answers[question.key])
            if problem is not None:
                found[question.key] = problem.message
    return found


def _hash(section: str, answers: Mapping[str, Any]) -> str:
    try:
        return section_hash(section, answers)
    except ValueError:
        return ""


def _follow(ctx: Context, session: Session, loaded: Loaded, section: str, answers: Mapping[str, Any]) -> None:
    """Keep the head's columns and the parties equal to the answers that they repeat."""
    if section == "overview":
        values: dict[str, Any] = {}
        if isinstance(answers.get("title"), str) and answers["title"].strip():
            values["title"] = answers["title"].strip()[:300]
        if answers.get("classification") in ("official", "official_sensitive"):
            values["classification"] = answers["classification"]
        if isinstance(answers.get("doc_type"), str):
            values["document_type"] = answers["doc_type"]
        values["date_needed"] = as_date(answers.get("date_needed"))
        drafts.update_agreement(session, loaded.head.id, **values)
    if section == "parties":
        sync_parties(ctx, session, loaded.head.id, loaded.head.lead_organisation_id, answers)


def sync_parties(
    ctx: Context, session: Session, agreement_id: int, lead_id: int, answers: Mapping[str, Any]
) -> list[str]:
    """Make the agreement's parties those of the table that are in the directory; returns the names that are not.

    The lead's party is never removed.
    """
    parties = parties_of(answers)
    known = drafts.organisations_by_code(session, [p.code for p in parties if p.code])
    rows, unknown, seen = [], [], set()
    for party in parties:
        organisation = known.get(party.code)
        if organisation is None or organisation.id in seen:
            unknown.append(party.name)
            continue
        seen.add(organisation.id)
        rows.append(
            {
                "key": party.key,
                "organisation_id": organisation.id,
                "role": party.role,
                "controller_status": party.controller_status,
                "group_name": party.group,
                "signs": party.signs,
                "is_lead": organisation.id == lead_id,
                "joined_at": ctx.clock.now(),
            }
        )
    if any(row["is_lead"] for row in rows):
        drafts.set_parties(session, agreement_id, rows)
    return unknown


def as_date(value: Any) -> date | None:
    """The date of an answer, or None where it is not one."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def share_draft(ctx: Context, actor: Actor, reference: str, *, seen: int | None) -> None:
    """Let the other parties see the draft and add their own answers."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "share_draft", loaded)
        demand_version(loaded, seen)
        if loaded.head.shared_at is not None:
            raise Conflict("The draft is shared already.")
        drafts.update_agreement(session, loaded.head.id, shared_at=ctx.clock.now())
        take(ctx, session, loaded, actor, held, Happening("DraftShared"))


def respond(ctx: Context, actor: Actor, reference: str, request_id: int, text: str) -> None:
    """Respond to a reviewer's request for a change: what was done, or why not."""
    if not text.strip():
        raise BadInput("Write what you changed, or why you did not.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "respond", loaded)
        request = work.change_request(session, loaded.head.id, request_id)
        if request is None:
            raise NotFound("There is no such request for changes on this agreement.")
        work.respond(session, request_id, text=text.strip(), person_id=actor.person_id, at=ctx.clock.now())
        # by its place among the agreement's own: an event names no row, so a history is the same wherever it is kept
        place = [one.id for one in work.change_requests(session, loaded.head.id)].index(request_id) + 1
        facts = {"section": request.section, "request": place}
        take(ctx, session, loaded, actor, held, Happening("ChangesAnswered", facts), bump=False)
