"""What would bring agreements forward: worked out by a job from the organisation's own process, and kept.

One rule: every figure is simulated and says so, with what it assumes; nothing is ranked where intervals overlap.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from numpy.random import default_rng
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotAllowed
from dsa.domain.tracking import TRACKED
from dsa.insight import cohorts
from dsa.insight.levers import Place, in_phase, shorten, simulate
from dsa.insight.process_fit import Fitted, from_json
from dsa.insight.survival import survival_curve
from dsa.insight.whatif import Saving
from dsa.persistence import forecasts as stored
from dsa.persistence import queries_history as queries
from dsa.services.agreement_header import Header, header_of
from dsa.services.agreements_list import ROUTES
from dsa.services.agreements_past import EVERYBODY
from dsa.services.context import Context
from dsa.services.how_long import lengths_seen
from dsa.services.moving import open_for
from dsa.services.past_stays import one_in
from dsa.services.process_model import Rules, fitted_process, rules_of
from dsa.services.standing_work import Standing, WhereItStands, standing_of

KIND = "changes"
AGREEMENTS, RUNS = 800, 8
OLD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Result:
    """What the simulation of one organisation's process gave, in working days.

    ``half`` and ``most`` are the model's, ``seen_half`` and ``seen_most`` what was really seen (None: not reached), so
    that a reader can judge the model. ``people``: how many each pool is taken to work on at once. ``waits``: the
    average wait for each pool. ``one_in``: of how many
    agreements one was taken.
    """

    half: float
    most: float
    seen_half: float | None
    seen_most: float | None
    per_day: float
    return_share: float
    rests_on: int
    people: dict[str, int]
    waits: dict[str, float]
    savings: tuple[Saving, ...]
    one_in: int = 1


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """The page of one organisation (``scope``: its code, "all" for everybody). ``waiting``: somebody asked and it is
    not done yet. ``too_few``: fewer than 20 agreements were signed. ``failed_at``: when it was tried last, where that
    did not come to an end; what stood before still stands. ``instead``: too few were signed there, so that ``result``
    and ``made_at`` are those of every organisation together. ``signed_at`` leads to the agreements that it rests
    on where the reader may see them all: (organisation's code or "all", moment).
    """

    scope: str
    name: str
    choices: tuple[tuple[str, str], ...]
    result: Result | None
    made_at: datetime | None
    waiting: bool
    too_few: bool
    failed_at: datetime | None
    may_ask: bool
    rules: Rules
    instead: bool
    signed_at: tuple[str, datetime] | None


def compute_next(ctx: Context) -> bool:
    """Work out the figures of one organisation that somebody asked for or that are a day old; False where none is due.

    Those of everybody together are kept up to date unasked: the pages of single agreements rest on them. Where it
    cannot be worked out that is kept, its page says so, and the error goes on to whoever called.
    """
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        due = stored.asked_figures(session, KIND, older_than=now - OLD)
        if not due and stored.figure(session, KIND, EVERYBODY) is None:
            due = [EVERYBODY]
        if not due:
            return False
    try:
        with ctx.database.reading() as session:
            ctx.calendars.refresh(session)
            body = _body(ctx, session, None if due[0] == EVERYBODY else int(due[0]))
    except Exception:
        _keep_as_failed(ctx, due[0], at=now)
        raise
    with ctx.database.writing() as session:
        stored.keep_figure(session, KIND, due[0], body, at=now)
    return True


def _keep_as_failed(ctx: Context, scope: str, *, at: datetime) -> None:
    """What stood before still stands, with the moment it was made at; it is tried again a day later."""
    with ctx.database.writing() as session:
        row = stored.figure(session, KIND, scope)
        made_at = _made_at(row)
        body = dict(row.body) if row is not None else {}
        body |= {"failed_at": at.isoformat(), "made_at": None if made_at is None else made_at.isoformat()}
        stored.keep_figure(session, KIND, scope, body, at=at)


def ask(ctx: Context, actor: Actor, scope: str) -> None:
    """Ask for the figures of one of the actor's organisations anew. Raises NotAllowed for others."""
    mine = _organisations(actor)
    if scope not in mine:
        raise NotAllowed("You can ask for this only for an organisation in which you hold a post.")
    with ctx.database.writing() as session:
        stored.ask_figure(session, KIND, str(mine[scope][0]), at=ctx.clock.now())


def changes_page(ctx: Context, actor: Actor, *, scope: str = "") -> ChangesPage:
    """What was worked out for an organisation of the actor's (its code); the first one where none is named."""
    mine = _organisations(actor)
    choices = [(code, name) for code, (_, name) in mine.items()]
    if actor.sees_all:
        choices.append((EVERYBODY, "Every organisation"))
    known = dict(choices)
    chosen = scope if scope in known else next(iter(known), EVERYBODY)
    key = EVERYBODY if chosen == EVERYBODY else str(mine[chosen][0])
    with ctx.database.reading() as session:
        row = stored.figure(session, KIND, key)
        body = row.body if row is not None else {}
        instead = key != EVERYBODY and bool(body.get("too_few"))
        shown = stored.figure(session, KIND, EVERYBODY) if instead else row
        rules = rules_of(ctx, session)
    kept = shown.body.get("result") if shown is not None else None
    result, made_at = _result(kept) if kept else None, _made_at(shown)
    whose = EVERYBODY if instead else chosen
    seen = result is not None and result.one_in == 1 and (actor.sees_all or whose != EVERYBODY)
    return ChangesPage(
        chosen,
        known.get(chosen, ""),
        tuple(choices),
        result,
        made_at,
        row is not None and row.asked_at is not None,
        bool(body.get("too_few")),
        _moment(body.get("failed_at")),
        chosen in mine and not instead,
        rules,
        instead and result is not None,
        (whose, made_at) if seen and made_at is not None else None,
    )


def _made_at(row: Any) -> datetime | None:
    """When a figure was worked out: of one that was tried in vain since, the time before."""
    if row is None:
        return None
    found: datetime | None = row.made_at
    return _moment(row.body["made_at"]) if "failed_at" in row.body else found


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _organisations(actor: Actor) -> dict[str, tuple[int, str]]:
    """The organisations in which the actor holds a post that is not an auditor's: id and name by code."""
    return {
        held.organisation: (held.organisation_id, held.organisation_name) for held in actor.posts if not held.sees_all
    }


def _body(ctx: Context, session: Session, organisation: int | None) -> dict[str, Any]:
    fitted = fitted_process(ctx, session, organisation)
    if fitted is None:
        return {"too_few": True}
    seed = [fitted.rests_on, round(fitted.per_day * 1e6), len(fitted.tasks)]
    found = simulate(fitted, chance=default_rng(seed), agreements=AGREEMENTS, runs=RUNS)
    lengths = lengths_seen(ctx, session, organisation)
    curve = survival_curve(lengths.days, lengths.ending == cohorts.SIGNED)  # as in the model, nothing is withdrawn
    return {
        "models": {} if organisation is not None else _models(ctx, session, fitted),
        "result": {
            "half": found.half,
            "most": found.most,
            "seen_half": curve.reached(0.5).value,
            "seen_most": curve.reached(0.85).value,
            "per_day": fitted.per_day,
            "return_share": fitted.process.return_share,
            "rests_on": fitted.rests_on,
            "people": dict(fitted.process.people),
            "waits": found.waits,
            "one_in": one_in(queries.how_many(session)) if organisation is None else 1,
            "savings": [[one.name, one.saved, one.low, one.high, one.rank] for one in found.savings],
        },
    }


def _models(ctx: Context, session: Session, fitted: Fitted) -> dict[str, Any]:
    """The process of each route for which enough agreements were signed, and of all ("") for the others."""
    routes = {route: fitted_process(ctx, session, None, route=route) for route in ROUTES}
    return {"": fitted.as_json(), **{route: one.as_json() for route, one in routes.items() if one is not None}}


def _result(kept: dict[str, Any]) -> Result:
    savings = tuple(Saving(name, "", saved, low, high, rank) for name, saved, low, high, rank in kept["savings"])
    return Result(**{**kept, "savings": savings})


@dataclass(frozen=True, slots=True)
class AgreementChanges:
    """What would bring one agreement forward: the working days within which half of such are signed, and each single
    move.

    ``refusal`` is set instead where nothing can be said: over, tracked, too_few, not_yet, failed.
    """

    header: Header
    to_go: float
    savings: tuple[Saving, ...]
    standing: tuple[Standing, ...]
    rests_on: int
    made_at: datetime | None
    refusal: str
    rules: Rules


def changes_for(ctx: Context, actor: Actor, reference: str) -> AgreementChanges:
    """The single moves that would shorten this agreement most. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        header, rules = header_of(ctx, session, loaded), rules_of(ctx, session)
        row = stored.figure(session, KIND, EVERYBODY)
        models = row.body.get("models") or {} if row is not None else {}
        kept = models.get(loaded.head.route) or models.get("")
        fitted: Fitted | None = from_json(kept) if kept else None
        over = loaded.head.finished_at is not None or loaded.head.stage not in rules.stages
        refusal = "over" if over else "tracked" if loaded.head.tracking == TRACKED else _why_not(row, fitted)
        if refusal or fitted is None:
            return AgreementChanges(header, 0.0, (), (), 0, None, refusal, rules)
        found = standing_of(ctx, session, loaded, rules)
    place = _place(fitted, loaded.head.stage, found, rules)
    seed = [loaded.head.id, loaded.head.version, fitted.rests_on]
    to_go, savings = shorten(fitted, place, on_hold=found.held, chance=default_rng(seed))
    return AgreementChanges(header, to_go, savings, found.standing, fitted.rests_on, _made_at(row), "", rules)


def _place(fitted: Fitted, phase: str, found: WhereItStands, rules: Rules) -> Place:
    """Where an agreement stands, in the names of the process."""
    known = {task.name for one in fitted.process.phases if one.name == phase for task in one.tasks}
    behind = frozenset(rules.stages[: rules.stages.index(phase)])
    open_now = ((name, one.days) for one in found.standing for name in (one.name, in_phase(phase, one.name)))
    asked = (name for one in found.asked for name in (one, in_phase(phase, one)))
    ages = {name: days for name, days in open_now if name in known}
    return Place(phase, behind, ages, frozenset(asked), found.returns)


def _why_not(row: Any, fitted: Fitted | None) -> str:
    if fitted is not None:
        return ""
    if row is None or not row.made_at:
        return "not_yet"
    return "failed" if "failed_at" in row.body else "too_few"
