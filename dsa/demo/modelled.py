"""The plan of a large world: every agreement of the synthetic model with what it is about and who takes part.

One rule: the model (``insight.synthetic``) says when things happen; here they only get names. The same seed, number and
moment give the same plan.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

import numpy as np

from dsa.demo.bodies import LARGE_WORLD, DemoBody
from dsa.demo.pace import MINUTES_A_DAY, start_before
from dsa.demo.themes import PERSONAL, STATISTICS, Theme
from dsa.domain.errors import BadInput
from dsa.insight.synthetic import PERIOD, draw_world
from dsa.insight.synthetic_play import (
    DATA_PROTECTION,
    DRAFT,
    FIRST_LOOK,
    HOLD,
    LEGAL,
    REDRAFT,
    SECURITY,
    SIGN_OFF,
    World,
    play_world,
)
from dsa.timekeeping.calendar import CountingRule, WorkingCalendar, calendar_for

NEVER = float("inf")
ERAS = ("before", "after", "both")
_CHANGES_ON = {"before": PERIOD, "after": 0.0, "both": PERIOD / 2}
# Why agreements are held up, the usual reasons more often than the others.
HOLD_CODES = ("LEGAL_POWER", "LEGAL_POWER", "LEGAL_DIFF", "DPIA", "DPIA", "SECURITY", "RISK", "NO_OWNER", "DUP_REVIEW",
              "TEMPLATE", "DATA_SPEC", "DATA_SPEC", "RESOURCE", "RESOURCE", "FUNDING", "TECH", "BOARD")  # fmt: skip
_NAMES = {LEGAL: "legal", SECURITY: "security", DATA_PROTECTION: "data_protection"}
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of reviews: the redraft before it, the span of each review by (kind, party), and when all are in."""

    redraft: Span | None
    reviews: dict[tuple[str, int], Span]
    ends: float


@dataclass(frozen=True, slots=True)
class Lifeline:
    """One agreement of the model. Times are working days of the period; what does not come about is at ``NEVER``.

    ``bodies``: the one that leads, the one that gives the data, the others. ``number`` is its place in the world,
    ``phase`` how often these two share for this. ``stops`` is when it is withdrawn; what was under way then comes to
    nothing. ``after``: it began under the changed process.
    """

    number: int
    theme: Theme
    bodies: tuple[DemoBody, ...]
    phase: int
    begins: float
    first_look_ends: float
    draft_ends: float
    hold_ends: float
    hold_code: str
    rounds: tuple[Round, ...]
    signatures: tuple[float, ...]
    stops: float
    after: bool

    @property
    def last_reviewed(self) -> float:
        """When the last round of reviews is in."""
        return self.rounds[-1].ends


@dataclass(frozen=True, slots=True)
class Period:
    """Where the period of the model lies: its first moment and its calendar. It ends at the present moment."""

    starts: datetime
    now: datetime

    @property
    def calendar(self) -> WorkingCalendar:
        """England's calendar, by which the model's working days count."""
        return calendar_for("ENG")

    def at(self, day: float) -> datetime:
        """The moment of a working day of the period."""
        return self.calendar.add_working_minutes(self.starts, round(day * MINUTES_A_DAY))

    def starts_at(self, line: "Lifeline") -> datetime:
        """The moment at which an agreement begins, in the office hours of whoever leads it."""
        return min(calendar_for(line.bodies[0].nation).next_opening(self.at(line.begins)), self.now)


def period_until(now: datetime) -> Period:
    """The period that ends now."""
    return Period(start_before(now, PERIOD, calendar_for("ENG")), now)


def changes_at(now: datetime) -> datetime:
    """The moment from which a world of both eras works the new way."""
    return period_until(now).at(_CHANGES_ON["both"])


def lifelines(agreements: int, *, seed: int, era: str, now: datetime) -> list[Lifeline]:
    """Every agreement of the world, in the order in which they begin. BadInput for an unknown era."""
    if era not in _CHANGES_ON:
        raise BadInput("There is no era “%(era)s”. Choose before, after or both.", era=era)
    period = period_until(now)
    luck = draw_world(agreements, chance=np.random.default_rng(seed), changes_on=_CHANGES_ON[era])
    world = play_world(luck, first_day=_first_day(period))
    naming = _Naming(seed)
    slices = np.searchsorted(world.agreement, np.arange(agreements + 1)).tolist()
    return [
        _lifeline(world, number, slice(first, last), naming) for number, (first, last) in enumerate(pairwise(slices))
    ]


def _first_day(period: Period) -> float:
    """Which working day of its year the period begins on."""
    day = period.calendar.local_date(period.starts)
    new_year = date(day.year, 1, 1)
    return float(period.calendar.working_days(new_year, day, rule=CountingRule.HALF_OPEN))


class _Naming:
    """What agreements are about: a theme that suits the complexity and the body that gives the data."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - wanted to be repeatable
        self._taken: dict[tuple[str, ...], int] = {}
        self._plain = [theme for theme in PERSONAL if not theme.board]

    def theme(self, simple: bool, giver: DemoBody) -> Theme:
        themes = list(STATISTICS) if simple else self._plain
        suits = [theme for theme in themes if giver.code in theme.givers] or themes
        return self._chance.choice(suits)

    def hold_code(self) -> str:
        return self._chance.choice(HOLD_CODES)

    def phase(self, theme: Theme, bodies: tuple[DemoBody, ...]) -> int:
        """How often these bodies shared for this before."""
        key = (theme.title, bodies[0].code, bodies[1].code)
        self._taken[key] = self._taken.get(key, 0) + 1
        return self._taken[key]


def _lifeline(world: World, number: int, rows: slice, naming: _Naming) -> Lifeline:
    luck = world.luck
    bodies = tuple(LARGE_WORLD[place] for place in luck.parties[number].tolist() if place >= 0)
    theme = naming.theme(int(luck.complexity[number]) == 0, bodies[1])
    work = list(
        zip(
            *(getattr(world, name)[rows].tolist() for name in ("step", "party", "round", "began", "ended")), strict=True
        )
    )
    stops = float(world.ends[number]) if world.withdrawn[number] else NEVER
    work = [(*row[:4], row[4] if row[4] < stops else NEVER) for row in work]
    ends = {step: ended for step, _, _, _, ended in work if step in (FIRST_LOOK, DRAFT, HOLD)}
    first_look, draft = ends.get(FIRST_LOOK, NEVER), ends.get(DRAFT, NEVER)
    signed = {party: ended for step, party, _, _, ended in work if step == SIGN_OFF}
    return Lifeline(
        number=number,
        theme=theme,
        bodies=bodies,
        phase=naming.phase(theme, bodies),
        begins=float(luck.begins[number]),
        first_look_ends=first_look,
        draft_ends=draft,
        hold_ends=ends.get(HOLD, NEVER if luck.hold[number] else draft),
        hold_code=naming.hold_code() if luck.hold[number] else "",
        rounds=tuple(_round(work, seen, len(bodies)) for seen in range(int(luck.returns[number]) + 1)),
        signatures=tuple(signed.get(party, NEVER) for party in range(len(bodies))),
        stops=stops,
        after=bool(luck.after[number]),
    )


def _round(work: list[tuple[int, int, int, float, float]], seen: int, parties: int) -> Round:
    reviews = {
        (_NAMES[step], party): (began, ended) for step, party, at, began, ended in work if at == seen and step in _NAMES
    }
    redraft = next(((began, ended) for step, _, at, began, ended in work if at == seen and step == REDRAFT), None)
    all_in = len(reviews) == 2 + parties
    return Round(redraft, reviews, max(ended for _, ended in reviews.values()) if all_in else NEVER)
