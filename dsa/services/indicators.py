"""Public indicators: how long agreements take, worked out by a job. One rule: open ones are counted, small numbers are
not shown, nobody's name is in it, and an organisation is in it only while it agrees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import NotAllowed
from dsa.domain.reasons import DELAYS, label
from dsa.insight.cohorts import GIVEN_UP, OPEN, SIGNED, Lengths, cohort
from dsa.insight.disclosure import LEAST, ages_reached, at_least, hide_small, leave_no_small_rest, share_of
from dsa.insight.survival import survival_curve
from dsa.persistence import forecasts as kept
from dsa.persistence import imports
from dsa.persistence import queries_indicators as queries
from dsa.services.context import Context
from dsa.services.stage_counts import HALF, MOST
from dsa.services.way_ahead import SIGNED as SIGNED_STAGE
from dsa.services.way_ahead import target_on, whole_way
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
        lasted = _lasted(ctx, session, agreements, calendars, now)
        waits = queries.delays(session, [reason.code for reason in DELAYS])
        stays, titles = queries.stays(session), _titles(ctx, session)
        body: dict[str, Any] = {
            "synthetic": ctx.demo or any(row.is_synthetic for row in agreements),
            "overall": _signed(lasted),
            "reported": _reported(imports.reported_history(session), calendars),
            "stages": _stages(stays, titles, calendars, now),
            "delays": _delays(waits, calendars, now),
            "organisations": [
                _of_organisation(body, lasted, stays, waits, titles, calendars, now) for body in bodies.values()
            ],
        }
    with ctx.database.writing() as session:
        kept.keep_figure(session, KIND, "", body, at=now)
    return body


def _days(calendar: WorkingCalendar, start: datetime, end: datetime) -> int:
    return calendar.elapsed_days(start, max(start, end))


class _Lasted(NamedTuple):
    """An agreement: working days from its first contact to its end or to now, how it ended, and its target for that."""

    lead: int
    days: int
    ending: int
    target: int


def _lasted(
    ctx: Context, session: Session, rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar], now: datetime
) -> list[_Lasted]:
    """From the first contact to the last signature; what was withdrawn or rejected can never be signed."""
    targets: dict[tuple[Any, ...], int] = {}
    found = []
    for row in rows:
        way = (row.workflow_id, row.workflow_version, row.route, bool(row.board))
        if way not in targets:
            stages = whole_way(ctx.definitions.flow(session, way[0], way[1]), board=way[3])
            before = takewhile(lambda stage: stage.id != SIGNED_STAGE, stages)
            targets[way] = sum(target_on(stage, row.route) or 0 for stage in before)
        start, ended = began(row.first_contact_on, row.created_at), row.signed_at or row.finished_at
        days = _days(calendars[row.lead_organisation_id], start, ended or now)
        ending = SIGNED if row.signed_at else GIVEN_UP if row.finished_at else OPEN
        found.append(_Lasted(row.lead_organisation_id, days, ending, targets[way]))
    return found


def _signed(lasted: Sequence[_Lasted]) -> dict[str, Any]:
    """How long these agreements take to signature, the share within target, and how old the open ones are."""
    judged = [each for each in lasted if each.ending == SIGNED or (each.ending == OPEN and each.days > each.target)]
    within = sum(each.days <= each.target for each in judged)
    ages = [each.days for each in lasted if each.ending == OPEN]
    return {
        **_measured([each.days for each in lasted], [each.ending for each in lasted]),
        "within": share_of(within, len(judged)),
        "open_half": ages_reached(ages, HALF),
        "open_most": ages_reached(ages, MOST),
    }


def _measured(days: Sequence[int], endings: Sequence[int]) -> dict[str, Any]:
    lengths = Lengths(np.asarray(days, dtype=np.float64), np.asarray(endings, dtype=np.int64))
    ended = (("signed", SIGNED), ("given_up", GIVEN_UP), ("open", OPEN))
    counts = {name: _shown(lengths.count(ending)) for name, ending in ended}  # their total stands nowhere
    found: dict[str, Any] = {**counts, "half": None, "most": None, "at_risk": 0}
    if lengths.count(SIGNED) >= LEAST:
        curves = cohort(lengths)
        half, most = curves.by(HALF), curves.by(MOST)
        found |= {"half": at_least(half.day, half.at_risk), "most": at_least(most.day, most.at_risk)}
        found["at_risk"] = _shown(most.at_risk)
    return found


def _shown(count: int) -> int | None:
    return count if count == 0 or count >= LEAST else None


def _reported(rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar]) -> dict[str, Any]:
    days, endings = [], []
    for row in rows:
        days.append(_days(calendars[row.organisation_id], opening_of(row.started_on), opening_of(row.ended_on)))
        endings.append(SIGNED if row.status == "signed" else GIVEN_UP)
    return _measured(days, endings)


def _titles(ctx: Context, session: Session) -> dict[str, str]:
    """Every stage in order, with its title."""
    titles: dict[str, str] = {}
    for route in ("standard", "fast"):
        workflow = ctx.definitions.for_route(session, route).workflow
        titles |= {s.id: s.title for s in workflow.stages if not s.final and s.id not in _LASTING | set(titles)}
    return titles


_Group = list[tuple[int, bool, int | None]]  # of stays: (working days, has it ended, target)


def _groups(
    rows: Iterable[Any], titles: Iterable[str], calendars: Mapping[int, WorkingCalendar], now: datetime
) -> dict[str, _Group]:
    groups: dict[str, _Group] = {stage: [] for stage in titles}
    for row in rows:
        if row.stage in groups:
            days = _days(calendars[row.organisation_id], row.entered_at, row.left_at or now)
            groups[row.stage].append((days, row.left_at is not None, row.target_days))
    return groups


def _stages(
    rows: Iterable[Any], titles: Mapping[str, str], calendars: Mapping[int, WorkingCalendar], now: datetime
) -> list[dict[str, Any]]:
    """Every stage in order: its usual length with open stays counted, and the share within target.

    Where it is not shown how many ended, neither is what share of them ended in time.
    """
    groups = _groups(rows, titles, calendars, now)
    closed = hide_small([sum(done for _, done, _ in group) for group in groups.values()])
    still = hide_small([sum(not done for _, done, _ in group) for group in groups.values()])
    return [
        {"stage": stage, "title": titles[stage], "closed": done, "open": going, **_stage(group)}
        | ({"within": None} if done is None else {})
        for (stage, group), done, going in zip(groups.items(), closed, still, strict=True)
    ]


def _own_stages(
    rows: Iterable[Any], titles: Mapping[str, str], calendars: Mapping[int, WorkingCalendar], now: datetime
) -> list[dict[str, Any]]:
    """One organisation's stages of which anything can be shown: lengths and shares, no counts to subtract."""
    groups = _groups(rows, titles, calendars, now)
    told = [{"stage": stage, "title": titles[stage], **_stage(group)} for stage, group in groups.items()]
    for row in told:
        row.pop("at_risk", None)
    return [row for row in told if row["half"] is not None or row["within"] is not None]


def _stage(group: Sequence[tuple[int, bool, int | None]]) -> dict[str, Any]:
    targets = {target for _, _, target in group if target is not None}
    judged = [(days, done, target) for days, done, target in group if target is not None and (done or days > target)]
    within = sum(days <= target for days, done, target in judged if target is not None)
    found = {"target": max(targets, default=None), "within": share_of(within, len(judged)), "half": None, "most": None}
    if sum(done for _, done, _ in group) >= LEAST:
        curve = survival_curve([days for days, _, _ in group], [done for _, done, _ in group])
        half, most = curve.reached(HALF), curve.reached(MOST)
        found |= {"half": at_least(half.value, half.at_risk), "most": at_least(most.value, most.at_risk)}
        found["at_risk"] = _shown(most.at_risk)
    return found


def _waited(
    rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar], now: datetime
) -> tuple[dict[str, int], dict[str, set[int]]]:
    """Working minutes by reason, and the agreements that they were of."""
    minutes: dict[str, int] = {}
    whom: dict[str, set[int]] = {}
    for row in rows:
        calendar = calendars[row.lead_organisation_id]
        minutes[row.reason] = minutes.get(row.reason, 0) + calendar.working_minutes(row.started_at, row.ended_at or now)
        whom.setdefault(row.reason, set()).add(row.agreement_id)
    return minutes, whom


def _own_delays(rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar], now: datetime) -> list[dict[str, Any]]:
    """One organisation's reasons that held up enough agreements, each with its share of all its time of delay."""
    minutes, whom = _waited(rows, calendars, now)
    whole = sum(minutes.values())
    named = sorted((-minutes[reason], reason) for reason in minutes if len(whom[reason]) >= LEAST)
    return [
        {"reason": reason, "label": label(reason), "share": round(-spent / whole, 2)}
        for spent, reason in named
        if whole
    ]


def _delays(rows: Iterable[Any], calendars: Mapping[int, WorkingCalendar], now: datetime) -> list[dict[str, Any]]:
    """By reason: how many agreements were held up by it, and for how many working days in all."""
    minutes, whom = _waited(rows, calendars, now)
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


def _of_organisation(
    body: Any, lasted: Iterable[_Lasted], stays: Iterable[Any], waits: Iterable[Any], titles: Mapping[str, str],
    calendars: Mapping[int, WorkingCalendar], now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Figures of the agreements that an organisation leads, whether it agreed or not."""
    stays = [stay for stay in stays if stay.lead_organisation_id == body.id]
    waits = [wait for wait in waits if wait.lead_organisation_id == body.id]
    return {
        "id": body.id,
        "code": body.code,
        "name": body.name,
        **_signed([each for each in lasted if each.lead == body.id]),
        "stages": _own_stages(stays, titles, calendars, now),
        "delays": _own_delays(waits, calendars, now),
    }


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


_COUNTS = ("signed", "given_up", "open")
_NOTHING: dict[str, Any] = {
    "signed": 0, "given_up": 0, "open": 0, "half": None, "most": None, "at_risk": 0, "within": None, "open_half": None,
    "open_most": None,
}  # fmt: skip


def public(ctx: Context) -> Indicators:
    """The indicators as kept, with the organisations that agree at this moment."""
    with ctx.database.reading() as session:
        found = kept.figure(session, KIND)
        agreed = {key for key, row in queries.consents(session).items() if row.agreed}
    body: Mapping[str, Any] = {} if found is None or found.made_at is None else found.body
    every = [_NOTHING | {"stages": (), "delays": ()} | row for row in body.get("organisations", ())]
    named = [row for row in every if row["id"] in agreed and any(row[name] != 0 for name in _COUNTS)]
    overall = body.get("overall", _NOTHING)
    for name in _COUNTS:
        for row, count in zip(named, leave_no_small_rest([row[name] for row in named], overall[name]), strict=True):
            row[name] = count
    return Indicators(
        None if found is None else found.made_at, bool(body.get("synthetic", ctx.demo)), _NOTHING | overall,
        body.get("reported", _NOTHING), tuple(body.get("stages", ())), tuple(body.get("delays", ())), tuple(named),
    )  # fmt: skip


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
