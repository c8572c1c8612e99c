"""Public indicators: how long agreements take, worked out by a job. One rule: open ones are counted, small numbers are
not shown, nobody's name is in it, and an organisation is in it only while it agrees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import NotAllowed
from dsa.domain.reasons import DELAYS, label
from dsa.insight.cohorts import GIVEN_UP, OPEN, SIGNED, Lengths, cohort
from dsa.insight.disclosure import LEAST, hide_small, share_of
from dsa.insight.survival import survival_curve
from dsa.persistence import forecasts as kept
from dsa.persistence import imports
from dsa.persistence import queries_indicators as queries
from dsa.services.context import Context
from dsa.services.whose_time import began, opening_of
from dsa.timekeeping.calendar import WorkingCalendar

KIND = "public_indicators"
EVERY_MINUTES = 60
_LASTING = frozenset({"in_use"})
_CONSENTING = ("head_of_sharing", "administrator")
DAY_MINUTES = 480


def due(ctx: Context) -> bool:
    """Whether the indicators are to be worked out anew."""
    with ctx.database.reading() as session:
        found = kept.figure(session, KIND)
    return found is None or found.made_at is None or found.made_at <= ctx.clock.now() - timedelta(minutes=EVERY_MINUTES)


def work_out(ctx: Context) -> dict[str, Any]:
    """Work the indicators out and keep them; returns them as kept, every organisation's included."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        bodies = {row.id: row for row in queries.organisations(session)}
        calendars = {row.id: ctx.calendars.of(session, row.id, row.nation) for row in bodies.values()}
        agreements = queries.agreements(session)
        body: dict[str, Any] = {
            "synthetic": ctx.demo or any(row.is_synthetic for row in agreements),
            "overall": _signed(agreements, calendars, now),
            "reported": _reported(imports.reported_history(session), calendars),
            "stages": _stages(ctx, session, calendars, now),
            "delays": _delays(queries.delays(session, [reason.code for reason in DELAYS]), calendars, now),
            "organisations": _by_organisation(agreements, bodies, calendars, now),
        }
    with ctx.database.writing() as session:
        kept.keep_figure(session, KIND, "", body, at=now)
    return body


def _days(calendar: WorkingCalendar, start: datetime, end: datetime) -> int:
    return calendar.elapsed_days(start, max(start, end))


def _signed(rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar], now: datetime) -> dict[str, Any]:
    """From the first contact to the last signature; what was withdrawn or rejected can never be signed."""
    days, endings = [], []
    for row in rows:
        ended = row.signed_at or row.finished_at
        days.append(
            _days(calendars[row.lead_organisation_id], began(row.first_contact_on, row.created_at), ended or now)
        )
        endings.append(SIGNED if row.signed_at else GIVEN_UP if row.finished_at else OPEN)
    return _measured(days, endings)


def _measured(days: Sequence[int], endings: Sequence[int]) -> dict[str, Any]:
    lengths = Lengths(np.asarray(days, dtype=np.float64), np.asarray(endings, dtype=np.int64))
    ended = (("signed", SIGNED), ("given_up", GIVEN_UP), ("open", OPEN))
    counts = {name: _shown(lengths.count(ending)) for name, ending in ended}  # their total stands nowhere
    half = most = None
    if lengths.count(SIGNED) >= LEAST:
        curves = cohort(lengths)
        half, most = curves.by(0.5), curves.by(0.85)
    return {
        **counts,
        "half": None if half is None else half.day,
        "most": None if most is None else most.day,
        "at_risk": _shown(most.at_risk if most is not None else 0),
    }


def _shown(count: int) -> int | None:
    return count if count == 0 or count >= LEAST else None


def _reported(rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar]) -> dict[str, Any]:
    days, endings = [], []
    for row in rows:
        days.append(_days(calendars[row.organisation_id], opening_of(row.started_on), opening_of(row.ended_on)))
        endings.append(SIGNED if row.status == "signed" else GIVEN_UP)
    return _measured(days, endings)


def _stages(
    ctx: Context, session: Session, calendars: Mapping[int, WorkingCalendar], now: datetime
) -> list[dict[str, Any]]:
    """Every stage in order: its usual length with open stays counted, and the share within target."""
    titles: dict[str, str] = {}
    for route in ("standard", "fast"):
        workflow = ctx.definitions.for_route(session, route).workflow
        titles |= {s.id: s.title for s in workflow.stages if not s.final and s.id not in _LASTING | set(titles)}
    groups: dict[str, list[tuple[int, bool, int | None]]] = {stage: [] for stage in titles}
    for row in queries.stays(session):
        if row.stage in groups:
            days = _days(calendars[row.organisation_id], row.entered_at, row.left_at or now)
            groups[row.stage].append((days, row.left_at is not None, row.target_days))
    closed = hide_small([sum(done for _, done, _ in group) for group in groups.values()])
    still = hide_small([sum(not done for _, done, _ in group) for group in groups.values()])
    return [
        {"stage": stage, "title": titles[stage], "closed": done, "open": going, **_stage(group)}
        for (stage, group), done, going in zip(groups.items(), closed, still, strict=True)
    ]


def _stage(group: Sequence[tuple[int, bool, int | None]]) -> dict[str, Any]:
    targets = {target for _, _, target in group if target is not None}
    judged = [(days, done, target) for days, done, target in group if target is not None and (done or days > target)]
    within = sum(days <= target for days, done, target in judged if target is not None)
    found = {"target": max(targets, default=None), "within": share_of(within, len(judged)), "half": None, "most": None}
    if sum(done for _, done, _ in group) >= LEAST:
        curve = survival_curve([days for days, _, _ in group], [done for _, done, _ in group])
        half, most = curve.reached(0.5), curve.reached(0.85)
        found |= {"half": half.value, "most": most.value, "at_risk": _shown(most.at_risk)}
    return found


def _delays(rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar], now: datetime) -> list[dict[str, Any]]:
    """By reason: how many agreements were held up by it, and for how many working days in all."""
    minutes: dict[str, int] = {}
    whom: dict[str, set[int]] = {}
    for row in rows:
        calendar = calendars[row.lead_organisation_id]
        minutes[row.reason] = minutes.get(row.reason, 0) + calendar.working_minutes(row.started_at, row.ended_at or now)
        whom.setdefault(row.reason, set()).add(row.agreement_id)
    reasons = sorted(minutes)
    shown = hide_small([len(whom[reason]) for reason in reasons])
    order = [
        (count is None, 0 if count is None else -minutes[reason], reason, count)
        for reason, count in zip(reasons, shown, strict=True)
    ]  # what is hidden keeps no place among the others
    return [
        {
            "reason": reason,
            "label": label(reason),
            "agreements": count,
            "days": None if count is None else round(minutes[reason] / DAY_MINUTES),
        }
        for _, _, reason, count in sorted(order, key=lambda each: each[:3])
    ]


def _by_organisation(
    agreements: Iterable[Any], bodies: Mapping[int, Any], calendars: Mapping[int, WorkingCalendar], now: datetime
) -> list[dict[str, Any]]:
    """Figures of the agreements that each organisation leads, in order of name, whether it agreed or not."""
    groups: dict[int, list[Any]] = {}
    for row in agreements:
        groups.setdefault(row.lead_organisation_id, []).append(row)
    return [
        {"id": body.id, "code": body.code, "name": body.name, **_signed(groups[body.id], calendars, now)}
        for body in bodies.values()
        if body.id in groups
    ]


@dataclass(frozen=True, slots=True)
class Indicators:
    """What the public may read. ``made_at`` None: not worked out yet. ``others``: organisations that did not agree."""

    made_at: datetime | None
    synthetic: bool
    overall: Mapping[str, Any]
    reported: Mapping[str, Any]
    stages: tuple[Mapping[str, Any], ...]
    delays: tuple[Mapping[str, Any], ...]
    organisations: tuple[Mapping[str, Any], ...]


_NOTHING: Mapping[str, Any] = {"signed": 0, "given_up": 0, "open": 0, "half": None, "most": None, "at_risk": 0}


def public(ctx: Context) -> Indicators:
    """The indicators as kept, with the organisations that agree at this moment."""
    with ctx.database.reading() as session:
        found = kept.figure(session, KIND)
        agreed = {key for key, row in queries.consents(session).items() if row.agreed}
    body: Mapping[str, Any] = {} if found is None or found.made_at is None else found.body
    named = [dict(row) for row in body.get("organisations", ()) if row["id"] in agreed]
    for name in ("signed", "given_up", "open"):
        _hide_beside(named, name)
    return Indicators(
        None if found is None else found.made_at, bool(body.get("synthetic", ctx.demo)), body.get("overall", _NOTHING),
        body.get("reported", _NOTHING), tuple(body.get("stages", ())), tuple(body.get("delays", ())), tuple(named),
    )  # fmt: skip


def _hide_beside(named: list[dict[str, Any]], name: str) -> None:
    """Where one organisation's number alone is hidden, the smallest other goes too: the total of all is public."""
    hidden = [row for row in named if row[name] is None]
    shown = [row for row in named if row[name]]
    if len(hidden) == 1 and shown:
        min(shown, key=lambda row: (row[name], row["id"]))[name] = None


@dataclass(frozen=True, slots=True)
class Consent:
    """What an organisation said about its figures under its name; ``may``: whether the reader may say it."""

    organisation: str
    code: str
    agreed: bool
    post: str
    at: datetime | None
    may: bool


def consents(ctx: Context, actor: Actor) -> tuple[Consent, ...]:
    """What each organisation of the actor said."""
    with ctx.database.reading() as session:
        said = queries.consents(session)
        bodies = [row for row in queries.organisations(session) if row.id in actor.organisations]
    return tuple(
        Consent(
            body.name, body.code, bool(said[body.id].agreed) if body.id in said else False,
            said[body.id].post if body.id in said else "", said[body.id].at if body.id in said else None,
            _consenting(actor, body.code) is not None,
        )
        for body in bodies
    )  # fmt: skip


def _consenting(actor: Actor, code: str) -> Held | None:
    return actor.holding(_CONSENTING, [code])


def consent(ctx: Context, actor: Actor, code: str, *, agreed: bool) -> None:
    """Agree (or no longer) that an organisation's figures stand under its name. Raises NotAllowed with who may."""
    held = _consenting(actor, code)
    if held is None:
        raise NotAllowed(
            "Only the head of data sharing or an administrator of the organisation can say this for it. Ask them."
        )
    with ctx.database.writing() as session:
        queries.say(
            session, organisation_id=held.organisation_id, agreed=agreed, person_id=actor.person_id, post=held.title,
            at=ctx.clock.now(),
        )  # fmt: skip
