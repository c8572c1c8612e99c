"""The process of an organisation as its own history shows it. One rule: only what was recorded goes in.

Ours is what the organisation's own posts did (for the whole installation: what the lead's did), and queues for them;
what the other parties did takes its time, because their other work is not seen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from dsa.domain.workflow import Workflow
from dsa.insight.levers import OURS, THEIRS, in_phase, task_name
from dsa.insight.process_fit import FEWEST, Fitted, Piece, fit
from dsa.persistence import queries_history as queries
from dsa.services.context import Context
from dsa.services.past_stays import one_in, stages_before_signature
from dsa.timekeeping.working_clock import FIRST_MOMENT, WorkingClock, working_clock

YEAR = 252.0  # working days
QUEUED = frozenset({"decision", "advice", "check", "in_principle"})
REVIEW = "review"
DRAFTING = "drafting"


@dataclass(frozen=True, slots=True)
class Rules:
    """Of the workflows in use: the stages before signature, which rule each rule follows from, which stages have
    tasks that must be done, and the titles of stages."""

    stages: tuple[str, ...]
    root: Mapping[str, str]
    with_tasks: frozenset[str]
    stage_titles: Mapping[str, str]
    outside: frozenset[str]


def rules_of(ctx: Context, session: Session) -> Rules:
    """The rules of both routes together."""
    flows: list[Workflow] = [ctx.definitions.for_route(session, route).workflow for route in ("standard", "fast")]
    stages = stages_before_signature(ctx, session)
    rules = [(stage, rule) for flow in flows for stage in flow.stages for rule in stage.tasks]
    after = {rule.id: rule.after for _, rule in rules if rule.after}
    return Rules(
        tuple(stages),
        {rule.id: _root(rule.id, after) for _, rule in rules},
        frozenset(stage.id for stage, rule in rules if rule.required),
        {stage.id: stage.title for flow in reversed(flows) for stage in flow.stages},
        frozenset(rule.id for _, rule in rules if rule.outside),
    )


def _root(rule: str, after: Mapping[str, str]) -> str:
    seen = {rule}
    while after.get(rule) and after[rule] not in seen:
        rule = after[rule]
        seen.add(rule)
    return rule


def fitted_process(ctx: Context, session: Session, organisation: int | None, *, route: str = "") -> Fitted | None:
    """The process of an organisation, or of all together (None), on every route or on one; None where too few
    agreements were signed.
    """
    every = 1 if organisation is not None else one_in(queries.how_many(session))
    stays, tasks = queries.of_organisation(session, organisation, route=route, one_in=every)
    signed = {row[0] for row in stays if row[1] in queries.AT_SIGNATURE}
    if len(signed) < FEWEST:
        return None
    rules = rules_of(ctx, session)
    clocks = _Clocks(ctx, session, organisation, stays)
    exits = [after[1] for row, after in pairwise(stays) if row[0] == after[0] and row[1] == REVIEW]
    visits = _visits(stays)
    pieces = [*_from_stays(stays, rules, clocks, visits), *_from_tasks(tasks, rules, clocks, visits, organisation)]
    return fit(
        _told_apart(_added_up(pieces), rules.stages),
        phases=rules.stages,
        totals=_totals(stays, clocks),
        returned=Counter(row[0] for row, after in pairwise(stays) if _came_back(row, after)),
        returns=(REVIEW,),
        back_to=DRAFTING,
        return_share=sum(onward == DRAFTING for onward in exits) / len(exits) if exits else 0.0,
        per_day=_per_day(stays, clocks) * every,
    )


class _Clocks:
    """One clock for all pieces of a case: the organisation's own, or that of whoever leads."""

    def __init__(self, ctx: Context, session: Session, organisation: int | None, stays: Sequence[Any]) -> None:
        nations = queries.nations(session)
        self.lead = {row[0]: row[5] for row in stays}
        of = {organisation} if organisation is not None else set(self.lead.values())
        self.clocks: dict[int, WorkingClock] = {
            one: working_clock(ctx.calendars.of(session, one, nations[one])) for one in of if one is not None
        }
        self.organisation = organisation
        self.now = int(ctx.clock.now().timestamp())

    def days(self, agreement: int, moments: Iterable[int | None]) -> list[float]:
        """Moments in working days; None is now."""
        clock = self.clocks[self.organisation if self.organisation is not None else self.lead[agreement]]
        given = [self.now if at is None else max(at, FIRST_MOMENT) for at in moments]
        found: list[float] = clock.days_before(np.array(given, dtype=np.int64)).tolist()
        return found


def _visits(stays: Sequence[Any]) -> dict[tuple[int, int], int]:
    """By agreement and round: the how-manieth time it is on its way through review (1: not come back yet).

    A draft that the checkers send back has not come back from review: that is more drafting and more checking.
    """
    found: dict[tuple[int, int], int] = {}
    back: Counter[int] = Counter()
    for number, row in enumerate(stays):
        found.setdefault((row[0], row[2]), back[row[0]] + 1)
        after = stays[number + 1] if number + 1 < len(stays) else None
        if after is not None and _came_back(row, after):
            back[row[0]] += 1
    return found


def _came_back(row: Any, after: Any) -> bool:
    return bool(row[0] == after[0]) and came_back(row[1], after[1])


def came_back(stage: str, after: str) -> bool:
    """Whether an agreement that went from one stage to the other came back from review."""
    return stage == REVIEW and after == DRAFTING


def _totals(stays: Sequence[Any], clocks: _Clocks) -> dict[int, tuple[float, bool]]:
    """How many days each case took to signature, or has taken until now or until it was given up."""
    first: dict[int, int] = {}
    last: dict[int, tuple[int | None, bool]] = {}
    for row in stays:
        first.setdefault(row[0], row[3])
        if not last.get(row[0], (None, False))[1]:
            last[row[0]] = (row[3], True) if row[1] in queries.AT_SIGNATURE else (row[4], False)
    found = {}
    for case, (until, signed) in last.items():
        began, ended = clocks.days(case, (first[case], until))
        found[case] = (max(0.0, ended - began), signed)
    return found


def _added_up(pieces: Sequence[Piece]) -> list[Piece]:
    """One piece for each case, work and visit: where a draft was checked twice, both times are added up."""
    found: dict[tuple[int, str, int, str], Piece] = {}
    for piece in pieces:
        key = (piece.case, piece.phase, piece.visit, piece.name)
        known = found.get(key)
        if known is not None:
            ended = known.ended + piece.ended - piece.opened
            piece = replace(known, ended=ended, done=known.done and piece.done)
        found[key] = piece
    return list(found.values())


def _told_apart(pieces: Sequence[Piece], phases: Sequence[str]) -> list[Piece]:
    """Each piece of work under a name that one phase only has: a rule that another version of the workflow had in
    another stage keeps its plain name in the first stage and has it with the stage in the others."""
    first: dict[str, str] = {}
    for piece in sorted(pieces, key=lambda piece: phases.index(piece.phase)):
        first.setdefault(piece.name, piece.phase)
    return [
        piece if first[piece.name] == piece.phase else replace(piece, name=in_phase(piece.phase, piece.name))
        for piece in pieces
    ]


def _from_stays(
    stays: Sequence[Any], rules: Rules, clocks: _Clocks, visits: Mapping[tuple[int, int], int]
) -> list[Piece]:
    """Stages without tasks of their own: the stay is the work (drafting, locking the text)."""
    kept = [row for row in stays if row[1] in rules.stages and row[1] not in rules.with_tasks]
    found = []
    for row in kept:
        opened, ended = clocks.days(row[0], (row[3], row[4]))
        found.append(Piece(row[0], row[1], visits[row[0], row[2]], row[1], "", opened, ended, row[4] is not None))
    return found


def _from_tasks(
    tasks: Sequence[Any],
    rules: Rules,
    clocks: _Clocks,
    visits: Mapping[tuple[int, int], int],
    organisation: int | None,
) -> list[Piece]:
    """What a rule asked of ours, and what it asked of the others, with what follows from it: from the first that was
    asked for to the last that was done."""
    groups: dict[tuple[int, str, int, str], list[Any]] = {}
    for row in tasks:
        if row[1] in rules.stages:
            ours = row[5] == (organisation if organisation is not None else clocks.lead.get(row[0]))
            name = task_name(rules.root.get(row[3], row[3]), OURS if ours else THEIRS)
            groups.setdefault((row[0], row[1], row[2], name), []).append(row)
    found = []
    for (case, stage, round_, name), rows in groups.items():
        if case not in clocks.lead:
            continue
        done = all(row[9] == "done" for row in rows)
        last = None if any(row[8] is None for row in rows) else max(row[8] for row in rows)
        opened, ended = clocks.days(case, (min(row[7] for row in rows), last))
        first = rows[0]
        queued = organisation is not None and name.endswith(OURS) and first[4] in QUEUED
        pool = first[6] if queued and first[3] not in rules.outside else ""
        found.append(Piece(case, stage, visits.get((case, round_), 1), name, pool, opened, ended, done))
    return found


def _per_day(stays: Sequence[Any], clocks: _Clocks) -> float:
    """Agreements that began on a working day of the last year, on average."""
    first: dict[int, int] = {}
    for row in stays:
        first.setdefault(row[0], row[3])
    ages = [clocks.days(case, (at, None)) for case, at in first.items()]
    since = [now - at for at, now in ages]
    span = min(YEAR, max(since))
    return max(1, sum(age <= span for age in since)) / max(span, 1.0)
