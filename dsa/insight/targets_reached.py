"""Whether the synthetic process would reach its targets, and what each lever contributes: each taken away on the same
draws.

One rule: a lever that caps a length assumes that everybody keeps to the cap, because silence escalates; the figures are
a model's and say nothing about real departments.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dsa.insight.synthetic import AFTER, BEFORE, PERIOD, Floats, Luck, draw_world
from dsa.insight.synthetic_play import DATA_PROTECTION, LEGAL, World, play_world

# Targets of the shipped workflows, in working days, by route.
CAPS: Mapping[str, Mapping[str, float]] = {
    "fast": {"first_look": 2, "draft": 5, "review": 4, "sign_off": 3},
    "standard": {"first_look": 3, "draft": 15, "review": 10, "sign_off": 5},
}
PRECEDENT_SHARE, PRECEDENT_READ = 0.3, 0.25  # of agreements; of the text that a reviewer still reads
_NO_TIME = 1 / 480


@dataclass(frozen=True, slots=True)
class Chances:
    """The luck of the levers themselves, drawn beforehand: which agreements have a precedent, which returns and which
    holds are avoided."""

    precedent: NDArray[np.bool_]
    returns: Floats
    hold: Floats


Lever = Callable[[Luck, Chances], Luck]


def _fast(luck: Luck) -> NDArray[np.bool_]:
    """Which agreements go the fast route: simple ones of two parties."""
    found: NDArray[np.bool_] = (luck.complexity == 0) & (luck.party_count == 2)
    return found


def _caps(luck: Luck, step: str) -> Floats:
    found: Floats = np.where(_fast(luck), CAPS["fast"][step], CAPS["standard"][step])
    return found


def _at_once(luck: Luck, _: Chances) -> Luck:
    return replace(luck, after=np.ones(luck.count, bool), sign_off=luck.sign_off / BEFORE.in_turn)


def _first_look(luck: Luck, _: Chances) -> Luck:
    return replace(luck, first_look=np.minimum(luck.first_look, _caps(luck, "first_look")))


def _draft(luck: Luck, _: Chances) -> Luck:
    cap = _caps(luck, "draft")
    return replace(luck, draft=np.minimum(luck.draft, cap), redraft=np.minimum(luck.redraft, cap[:, None]))


def _review_cap(luck: Luck, _: Chances) -> Luck:
    cap = _caps(luck, "review")
    return replace(
        luck,
        legal=np.minimum(luck.legal, cap[:, None]),
        security=np.minimum(luck.security, cap[:, None]),
        data_protection=np.minimum(luck.data_protection, cap[:, None, None]),
    )


def _sign_cap(luck: Luck, _: Chances) -> Luck:
    return replace(luck, sign_off=np.minimum(luck.sign_off, _caps(luck, "sign_off")[:, None]))


def _fewer_returns(luck: Luck, chances: Chances) -> Luck:
    kept = np.cumprod(chances.returns < AFTER.return_factor, axis=1).sum(axis=1)
    return replace(luck, returns=np.minimum(luck.returns, kept).astype(np.int64))


def _fewer_holds(luck: Luck, chances: Chances) -> Luck:
    still = chances.hold < AFTER.hold_share / BEFORE.hold_share
    shorter = AFTER.hold.median / BEFORE.hold.median
    return replace(luck, hold=np.where(still, luck.hold * shorter, 0.0))


def _precedent(luck: Luck, chances: Chances) -> Luck:
    part = np.where(chances.precedent, PRECEDENT_READ, 1.0)
    cap = np.where(chances.precedent, CAPS["fast"]["review"], np.inf)
    return replace(
        luck,
        legal=np.minimum(luck.legal * part[:, None], cap[:, None]),
        security=np.minimum(luck.security * part[:, None], cap[:, None]),
        data_protection=np.minimum(luck.data_protection * part[:, None, None], cap[:, None, None]),
    )


def _as_it_is(luck: Luck, _: Chances) -> Luck:
    return luck


REVIEWERS = "one more reviewer in each pool"
LEVERS: Mapping[str, Lever] = {
    "reviews and signatures at once": _at_once,
    "first look within its target": _first_look,
    "drafting within its target": _draft,
    "precedent lane: a quarter, in 4 days": _precedent,
    "reviews within their target": _review_cap,
    "signatures within their target": _sign_cap,
    "fewer returns (x 0.55)": _fewer_returns,
    "fewer and shorter holds": _fewer_holds,
    REVIEWERS: _as_it_is,  # nothing about an agreement changes: the pools have more people
}


@dataclass(frozen=True, slots=True)
class Reached:
    """Working days of signed agreements: fast route P85, standard P50 and P85, and P85 of a round of review of those
    that have a precedent."""

    fast_p85: float
    standard_p50: float
    standard_p85: float
    precedent_review_p85: float

    GOALS = (("fast_p85", 20.0), ("standard_p50", 40.0), ("standard_p85", 60.0), ("precedent_review_p85", 4.0))


def reached(agreements: int, *, chance: Generator) -> dict[str, Reached]:
    """The figures as today ("before"), with every lever ("all"), and with all but each one, on the same draws."""
    luck = draw_world(agreements, chance=chance, changes_on=PERIOD)
    chances = Chances(
        chance.random(agreements) < PRECEDENT_SHARE,
        chance.random(luck.redraft.shape),
        chance.random(agreements),
    )
    # On the fast route there is no review of law or security of its own.
    short = np.where(_fast(luck)[:, None], _NO_TIME, 1.0)
    luck = replace(luck, legal=luck.legal * short, security=luck.security * short)
    found = {"before": _figures(luck, chances, {}), "all": _figures(luck, chances, LEVERS)}
    for name in LEVERS:
        others = {other: lever for other, lever in LEVERS.items() if other != name}
        found[name] = _figures(luck, chances, others)
    return found


def _figures(luck: Luck, chances: Chances, levers: Mapping[str, Lever]) -> Reached:
    for lever in levers.values():
        luck = lever(luck, chances)
    world = play_world(luck, more=1 if REVIEWERS in levers else 0)
    fast = _fast(luck)
    days, signed = world.days, world.signed
    standard = np.quantile(days[signed & ~fast], [0.5, 0.85])
    return Reached(
        float(np.quantile(days[signed & fast], 0.85)),
        float(standard[0]),
        float(standard[1]),
        float(np.quantile(_review_rounds(world, chances.precedent), 0.85)),
    )


def _review_rounds(world: World, precedent: NDArray[np.bool_]) -> Floats:
    """Working days of each round of review of the agreements that have a precedent."""
    review = (world.step >= LEGAL) & (world.step <= DATA_PROTECTION)
    rows = np.flatnonzero(review & precedent[world.agreement] & world.signed[world.agreement])
    group = world.agreement[rows] * 10 + world.round[rows]
    _, which = np.unique(group, return_inverse=True)
    begins, ends = np.full(which.max(initial=-1) + 1, np.inf), np.full(which.max(initial=-1) + 1, -np.inf)
    np.minimum.at(begins, which, world.offered[rows])
    np.maximum.at(ends, which, world.ended[rows])
    found: Floats = ends - begins
    return found
