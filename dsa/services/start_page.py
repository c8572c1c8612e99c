"""Beginning an agreement: the questions, what we propose from their answers, and what exists already.

One rule: nothing is stored until somebody has seen the proposal and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.answers import Missing, Mistake, missing, read_answers, stopped
from dsa.domain.errors import BadInput, NotAllowed
from dsa.domain.form import Form
from dsa.domain.parties import parties_of
from dsa.domain.starting import Organisation, prefill
from dsa.domain.tier import Proposal, propose
from dsa.insight import cohorts
from dsa.persistence import queries_drafts
from dsa.services import content, starting
from dsa.services.context import Context
from dsa.services.draft_view import open_draft
from dsa.services.how_long import lengths_of
from dsa.services.starting import NewAgreement

ENOUGH = 5  # signed agreements before we name a time
_SIMILAR = 5


@dataclass(frozen=True, slots=True)
class StartForm:
    """The questions and what can be chosen. ``ours`` are the organisations for which the actor drafts (code, name)."""

    form: Form
    organisations: tuple[Row[Any], ...]
    ours: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The answers to the start questions as read. ``stop`` is the sentence after which nothing may be entered here."""

    answers: Mapping[str, Any]
    mistakes: tuple[Mistake, ...]
    missing: tuple[Missing, ...]
    stop: str | None

    @property
    def good(self) -> bool:
        """Whether a proposal can be made from them."""
        return not (self.mistakes or self.missing or self.stop)


@dataclass(frozen=True, slots=True)
class Similar:
    """An agreement with parties in common. ``all_of_them`` where every organisation chosen takes part in it."""

    reference: str
    title: str
    stage: str
    negotiated: bool
    all_of_them: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """The time to expect, in working days from start to signature, and what it rests on.

    ``days``: within which half are signed; ``most``: 85 of 100. None: not known, or not reached.
    """

    days: int | None
    most: int | None
    signed: int
    still_open: int
    given_up: int


@dataclass(frozen=True, slots=True)
class StartProposal:
    """What we propose: document, binding status and route with reasons; the first answers; what exists already."""

    proposal: Proposal
    document: str
    binding: str
    answers: Mapping[str, Any]
    names: tuple[str, ...]
    unknown: tuple[str, ...]
    similar: tuple[Similar, ...]
    expected: Expected


def start_form(ctx: Context, actor: Actor) -> StartForm:
    """The start questions. Raises NotAllowed for somebody who drafts for no organisation."""
    ours = tuple({held.organisation: held.organisation_name for held in actor.posts if held.role == "drafter"}.items())
    if not ours:
        raise NotAllowed(
            "Only a drafter can start an agreement. Ask a drafter of your organisation, or ask your administrator for "
            "the role."
        )
    with ctx.database.reading() as session:
        return StartForm(_form(ctx, session), tuple(queries_drafts.organisations(session)), ours)


def _form(ctx: Context, session: Session) -> Form:
    return ctx.definitions.form(session, "start", ctx.definitions.newest(session, "form", "start"))


def read_start(form: Form, raw: Mapping[str, Any], *, ours: str) -> Read:
    """Read the answers. That our own organisation takes part, and somebody else too, is asked here as well."""
    answers, mistakes = read_answers(form, raw)
    lacking = tuple(missing(form, answers, ()))
    wrong = list(mistakes)
    holders, needers = answers.get("who_holds") or [], answers.get("who_needs") or []
    named = {*holders, *needers}
    if holders and needers and ours not in named:
        wrong.append(Mistake("who_needs", "Choose your own organisation among those that hold or need the data."))
    elif holders and needers and len(named) < 2:
        wrong.append(Mistake("who_needs", "Choose another organisation: an agreement has two parties or more."))
    return Read(answers, tuple(wrong), lacking, stopped(form, answers))


def propose_start(ctx: Context, actor: Actor, given: Mapping[str, Any], *, ours: str) -> StartProposal:
    """What we propose from good answers. Nothing is stored."""
    with ctx.database.reading() as session:
        first, proposal = _first(ctx, session, given, ours)
        form = ctx.definitions.form(session, "agreement", ctx.definitions.newest(session, "form", "agreement"))
        parties = parties_of(first)
        codes = [party.code for party in parties if party.code]
        return StartProposal(
            proposal,
            _label(form, "doc_type", proposal.doc_type),
            _label(form, "binding_status", proposal.binding_status),
            first,
            tuple(party.name for party in parties),
            tuple(party.name for party in parties if not party.code),
            _similar(ctx, session, actor, codes),
            _expected(ctx, session, actor, proposal.route),
        )


def create(ctx: Context, actor: Actor, given: Mapping[str, Any], *, ours: str) -> str:
    """Start the agreement as proposed; returns its reference. Raises BadInput, NotAllowed as starting does."""
    with ctx.database.reading() as session:
        first, proposal = _first(ctx, session, given, ours)
    contact = given.get("first_contact_on")
    began = contact if isinstance(contact, Mapping) else {}
    new = NewAgreement(
        ours,
        {**first, "doc_type": proposal.doc_type, "binding_status": proposal.binding_status},
        proposal.route,
        proposal.reasons,
        date.fromisoformat(began["date"]) if began.get("date") else None,
        str(began.get("evidence") or ""),
    )
    return starting.start_agreement(ctx, actor, new)


def _first(ctx: Context, session: Session, given: Mapping[str, Any], ours: str) -> tuple[dict[str, Any], Proposal]:
    known = [
        Organisation(one.code, one.name, one.nation, one.body_type) for one in queries_drafts.organisations(session)
    ]
    first = prefill(_form(ctx, session), given, organisations=known, ours=ours)
    form = ctx.definitions.form(session, "agreement", ctx.definitions.newest(session, "form", "agreement"))
    kinds = form.question("parties")
    column = kinds.shape.column("body_type") if kinds else None
    for row in first.get("parties", ()):  # the directory may hold a kind that the form does not offer
        if column is not None and column.shape.option(row.get("body_type")) is None:
            row.pop("body_type", None)
    return first, propose(first, parties_of(first))


def _label(form: Form, key: str, value: str) -> str:
    question = form.question(key)
    option = question.shape.option(value) if question else None
    return option.label if option else value


def _similar(ctx: Context, session: Session, actor: Actor, codes: Sequence[str]) -> tuple[Similar, ...]:
    if len(codes) < 2:
        return ()
    found = []
    for row in queries_drafts.between(session, actor, codes, at_least=2, limit=_SIMILAR):
        flow = ctx.definitions.flow(session, row.workflow_id, row.workflow_version)
        order = [stage.id for stage in flow.workflow.stages]
        negotiated = "signed" in order and order.index(row.stage) < order.index("signed")
        found.append(
            Similar(row.reference, row.title, flow.stages[row.stage].title, negotiated, row.shared >= len(set(codes)))
        )
    return tuple(found)


def _expected(ctx: Context, session: Session, actor: Actor, route: str) -> Expected:
    """From start to signature on this route, of the agreements that the actor may see, withdrawn ones competing."""
    lengths = lengths_of(ctx, session, actor, route)
    counts = [lengths.count(ending) for ending in (cohorts.SIGNED, cohorts.OPEN, cohorts.GIVEN_UP)]
    if counts[0] < ENOUGH:
        return Expected(None, None, *counts)
    curve = cohorts.cohort(lengths)
    half, most = (None if day is None else max(1, round(day)) for day in (curve.by(0.5).day, curve.by(0.85).day))
    return Expected(half, most, *counts)


def copied(ctx: Context, actor: Actor, form: Form, reference: str) -> dict[str, Any]:
    """Answers to the start questions taken from an agreement that the actor may see; dates are left to be asked."""
    with ctx.database.reading() as session:
        view = open_draft(ctx, session, actor, reference)
        newest = content.newest(session, view.loaded)
        answers = view.answers if newest is None else {**content.flat(newest.content["answers"])}
        parties = parties_of(answers)
        found: dict[str, Any] = {
            "who_holds": [party.code or party.name for party in parties if party.discloses],
            "who_needs": [party.code or party.name for party in parties if party.receives],
        }
        for question in form.questions():
            fills = question.fills
            if fills is None or fills.fixed or question.key in ("date_needed", "title"):
                continue
            value = answers.get(fills.question)
            back = {_plain(stored): given for given, stored in fills.values.items()}
            value = back.get(_plain(value)) if fills.values else value
            if value not in (None, "", []):
                found[question.key] = value
        return found


def _plain(value: Any) -> str:
    return "+".join(sorted(map(str, value))) if isinstance(value, list | tuple) else str(value)


def demand_ours(start: StartForm, code: str) -> str:
    """The organisation for which the actor starts: the one chosen, or the only one. Raises BadInput for another."""
    known = dict(start.ours)
    if not code and len(known) == 1:
        return next(iter(known))
    if code not in known:
        raise BadInput("Choose the organisation for which you start the agreement.")
    return code
