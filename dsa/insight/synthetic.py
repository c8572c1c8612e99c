"""A synthetic world of agreements: how long its steps take, how many come back, and what a changed process does.

One rule: the parameters stand here, in working days, and nowhere else; they are proposals, not observations. Lengths
are a mixture of quick and slow ones. A synthetic world may never be shown as a real one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dsa.insight.simulation import LogNormal

Floats = NDArray[np.float64]

DAYS_A_MONTH = 21
DAYS_A_YEAR = 252
YEARS = 4
PERIOD = YEARS * DAYS_A_YEAR  # working days in which agreements begin
GROWTH = 1.6  # how many times as many begin at the end of the period as at its start
ORGANISATIONS = 24
NATIONS = {"ENG": 16, "SCT": 4, "WLS": 2, "NIR": 2}
SPEED_SIGMA = 0.35
PARTIES = {2: 0.68, 3: 0.20, 4: 0.08, 5: 0.04}
MOST_PARTIES = max(PARTIES)
COMPLEXITY = {"simple": 0.45, "standard": 0.38, "special": 0.17}
WORK_FACTOR = {"simple": 0.6, "standard": 1.0, "special": 1.9}  # on what people write and review
RETURN_SHARE = {"simple": 0.20, "standard": 0.36, "special": 0.52}
MOST_RETURNS = 4
SHORTER_EACH_ROUND = 0.6
WITHDRAWN = 0.11
# Working days of the year, from 0: August, and the last and first week of the year, when steps take longer.
AUGUST, AUGUST_FACTOR = (146.0, 167.0), 1.35
CHRISTMAS, CHRISTMAS_FACTOR = (247.0, 5.0), 1.6
REVIEWS = ("legal", "security", "data_protection")


@dataclass(frozen=True, slots=True)
class Mixture:
    """Lengths of which a share is slow: (median, sigma) of the quick and of the slow ones, in working days."""

    slow_share: float
    quick: tuple[float, float]
    slow: tuple[float, float]

    def draw(self, chance: Generator, shape: int | tuple[int, ...]) -> Floats:
        """Working days."""
        slow = chance.random(shape) < self.slow_share
        quick = LogNormal(*self.quick).draw(chance, shape)  # type: ignore[arg-type]
        return np.where(slow, LogNormal(*self.slow).draw(chance, shape), quick)  # type: ignore[arg-type]

    @property
    def mean(self) -> float:
        """The mean length."""
        quick, slow = (median * float(np.exp(sigma**2 / 2)) for median, sigma in (self.quick, self.slow))
        return (1 - self.slow_share) * quick + self.slow_share * slow


LENGTHS: Mapping[str, Mixture] = {
    "draft": Mixture(0.30, (9, 0.7), (38, 0.6)),
    "first_look": Mixture(0.15, (2.5, 0.7), (14, 0.5)),
    "legal": Mixture(0.35, (8, 0.7), (30, 0.65)),
    "security": Mixture(0.25, (6, 0.7), (24, 0.65)),
    "data_protection": Mixture(0.25, (6, 0.7), (26, 0.6)),  # for each party; the slowest counts
    "redraft": Mixture(0.40, (7, 0.7), (25, 0.6)),
    "sign_off": Mixture(0.30, (5, 0.8), (32, 0.7)),  # for each party
}


_HELD_UP = LogNormal(95, 0.65)


@dataclass(frozen=True, slots=True)
class Era:
    """How the process runs: which steps wait for each other, how long they take, how many are held up or come back.

    ``sign_off_cap``: after so many working days a signature is escalated and given. ``in_turn``: signatures given one
    after another take this share of what they take alone, because the next one is warned.
    """

    name: str
    reviews_at_once: bool
    signatures_at_once: bool
    sign_off_cap: float = float("inf")
    in_turn: float = 0.75
    return_factor: float = 1.0
    first_look_factor: float = 1.0
    hold_share: float = 0.12
    hold: LogNormal = _HELD_UP


BEFORE = Era("before", reviews_at_once=False, signatures_at_once=False)
AFTER = replace(
    BEFORE, name="after", reviews_at_once=True, signatures_at_once=True, sign_off_cap=40.0, return_factor=0.55,
    first_look_factor=0.5, hold_share=0.05, hold=LogNormal(45, 0.65),
)  # fmt: skip
ERAS = (BEFORE, AFTER)


@dataclass(frozen=True, slots=True)
class Luck:
    """All chance of a world, drawn beforehand; one row for each agreement, in order of beginning.

    ``after``: begun under the changed process. ``parties`` are numbers of organisations, -1 where there is none; the
    first one leads, the second one gives the data. Lengths hold the speed of whoever does the work and how complex it
    is, not the season and not the queue. ``gives_up``: at which part of its unhurried length it is withdrawn; NaN
    where it is not.
    """

    begins: Floats
    after: NDArray[np.bool_]
    parties: NDArray[np.int64]
    complexity: NDArray[np.int64]
    returns: NDArray[np.int64]
    gives_up: Floats
    hold: Floats
    first_look: Floats
    draft: Floats
    legal: Floats
    security: Floats
    data_protection: Floats
    redraft: Floats
    sign_off: Floats
    speed: Floats

    @property
    def count(self) -> int:
        """How many agreements."""
        return len(self.begins)

    @property
    def party_count(self) -> NDArray[np.int64]:
        """Parties of each agreement."""
        found: NDArray[np.int64] = (self.parties >= 0).sum(axis=1)
        return found


def draw_world(agreements: int, *, chance: Generator, changes_on: float) -> Luck:
    """The luck of so many agreements; a freshly seeded ``chance`` gives the same bits.

    ``changes_on``: the working day of the period from which agreements begin under the changed process: 0 for all of
    them, ``PERIOD`` for none.
    """
    begins = _begins(chance, agreements)
    speed = _speeds(chance)
    count = chance.choice(list(PARTIES), agreements, p=list(PARTIES.values()))
    parties = np.argsort(chance.random((agreements, ORGANISATIONS)), axis=1)[:, :MOST_PARTIES]
    parties = np.where(np.arange(MOST_PARTIES) < count[:, None], parties, -1)
    complexity = chance.choice(len(COMPLEXITY), agreements, p=list(COMPLEXITY.values()))
    after = begins >= changes_on
    work = np.array(list(WORK_FACTOR.values()))[complexity]
    of = np.where(parties >= 0, speed[parties], np.nan)
    rounds, shape = MOST_RETURNS + 1, (agreements, MOST_RETURNS + 1)
    shorter = SHORTER_EACH_ROUND ** np.arange(rounds)
    return Luck(
        begins=begins,
        after=after,
        parties=parties,
        complexity=complexity,
        returns=_returns(chance, complexity, after),
        gives_up=np.where(chance.random(agreements) < WITHDRAWN, chance.random(agreements), np.nan),
        hold=_holds(chance, after),
        first_look=LENGTHS["first_look"].draw(chance, agreements)
        * np.where(after, AFTER.first_look_factor, BEFORE.first_look_factor),
        draft=LENGTHS["draft"].draw(chance, agreements) * of[:, 0] * work,
        legal=LENGTHS["legal"].draw(chance, shape) * (of[:, 1] * work)[:, None] * shorter,
        security=LENGTHS["security"].draw(chance, shape) * (of[:, 1] * work)[:, None] * shorter,
        data_protection=LENGTHS["data_protection"].draw(chance, (*shape, MOST_PARTIES))
        * of[:, None, :] * work[:, None, None] * shorter[:, None],
        redraft=LENGTHS["redraft"].draw(chance, (agreements, MOST_RETURNS))
        * (of[:, 0] * work)[:, None] * shorter[:MOST_RETURNS],
        sign_off=_signatures(LENGTHS["sign_off"].draw(chance, (agreements, MOST_PARTIES)) * of, after),
        speed=speed,
    )  # fmt: skip


def _begins(chance: Generator, agreements: int) -> Floats:
    """Moments of the period, in order, more and more of them."""
    part = np.sort(chance.random(agreements))
    found: Floats = PERIOD * (np.sqrt(1 + part * (GROWTH**2 - 1)) - 1) / (GROWTH - 1)
    return found


def _speeds(chance: Generator) -> Floats:
    """How long each organisation takes against the usual: log-normal with geometric mean 1, of the same spread in every
    world, so that one slow organisation more or less does not make the world another one.
    """
    drawn = chance.standard_normal(ORGANISATIONS)
    found: Floats = np.exp(SPEED_SIGMA * (drawn - drawn.mean()) / drawn.std())
    return found


def _returns(chance: Generator, complexity: NDArray[np.int64], after: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How often each draft comes back."""
    share = np.array(list(RETURN_SHARE.values()))[complexity]
    share = share * np.where(after, AFTER.return_factor, BEFORE.return_factor)
    again = chance.random((len(complexity), MOST_RETURNS)) < share[:, None]
    found: NDArray[np.int64] = np.cumprod(again, axis=1).sum(axis=1)
    return found


def _holds(chance: Generator, after: NDArray[np.bool_]) -> Floats:
    """Working days on hold, 0 for most."""
    held = chance.random(len(after)) < np.where(after, AFTER.hold_share, BEFORE.hold_share)
    days = [era.hold.draw(chance, after.shape) for era in ERAS]
    return np.where(held, np.where(after, days[1], days[0]), 0.0)


def _signatures(days: Floats, after: NDArray[np.bool_]) -> Floats:
    """Working days of each signature, as its era has them."""
    return np.where(after[:, None], np.minimum(days, AFTER.sign_off_cap), days * BEFORE.in_turn)


def season(day_of_year: Floats) -> Floats:
    """How much longer a step takes that begins on this working day of the year (0 to 252)."""
    factor = np.where((day_of_year >= AUGUST[0]) & (day_of_year < AUGUST[1]), AUGUST_FACTOR, 1.0)
    found: Floats = np.where((day_of_year >= CHRISTMAS[0]) | (day_of_year < CHRISTMAS[1]), CHRISTMAS_FACTOR, factor)
    return found


def unhurried(luck: Luck) -> Floats:
    """Working days that each agreement takes where nobody waits for a reviewer and it is never August."""
    rounds = np.arange(luck.legal.shape[1]) <= luck.returns[:, None]
    slowest = np.nanmax(luck.data_protection, axis=2)
    in_turn = luck.legal + luck.security + slowest
    at_once = np.maximum(np.maximum(luck.legal, luck.security), slowest)
    review = np.where(luck.after[:, None], at_once, in_turn)
    signing = np.where(luck.after, np.nanmax(luck.sign_off, axis=1), np.nansum(luck.sign_off, axis=1))
    again = (luck.redraft * rounds[:, 1:]).sum(axis=1)
    found: Floats = luck.first_look + luck.draft + luck.hold + (review * rounds).sum(axis=1) + again + signing
    return found
