"""What becomes of each agreement of the demonstration, and how long it takes.

One rule: the lengths are a stratified sample of the "before" quantiles; the same seed gives the same world.
"""

import math
import random
from dataclasses import dataclass
from itertools import pairwise

# Months from the first save to the last signature, before anything was improved (quantile, months).
QUANTILES = (
    (0.0, 1.6), (0.10, 2.7), (0.25, 4.0), (0.50, 6.3), (0.75, 10.0), (0.85, 12.8), (0.90, 15.1), (0.95, 19.1),
    (0.99, 27.9), (1.0, 28.5),
)  # fmt: skip
DAYS_A_MONTH = 21


@dataclass(frozen=True, slots=True)
class Fate:
    """Where an agreement stands today and what happened on the way.

    ``ends`` is a stage, or on_hold. ``returned`` is how often the draft came back; ``hold`` the delay code of a hold
    on the way; ``asked`` a question without an answer; ``done`` the share of the present tasks that are done; ``age``
    how long it has been there, in targets of the stage; ``real`` has its document made at once. One of the past has its
    own working days to the last signature (``days``) and began so many working days ago (``begun``).
    """

    ends: str
    route: str = "standard"
    returned: int = 0
    hold: str = ""
    asked: bool = False
    done: float = 0.0
    age: float = 0.5
    board: bool = False
    real: bool = False
    parties: int = 2
    days: float = 0
    begun: float = 0


_S, _F = "standard", "fast"
# The first twenty-two cover every stage, so that a small world shows everything.
FATES: tuple[Fate, ...] = (
    Fate("start", age=0.6), Fate("first_look", age=0.7), Fate("drafting", age=0.4), Fate("check_draft", age=0.8),
    Fate("review", done=0.4, age=0.8), Fate("board", board=True, returned=1, age=0.7),
    Fate("text_agreed", returned=1, age=0.5), Fate("sign_off", done=0.5, age=0.8, real=True),
    Fate("signed", real=True, age=0.4), Fate("preparing", age=0.5, hold="SECURITY"), Fate("in_use"),
    Fate("review_due", age=0.5), Fate("suspended", age=0.6), Fate("ended", age=0.5), Fate("data_destroyed", age=0.5),
    Fate("closed"), Fate("withdrawn"), Fate("rejected"), Fate("superseded", returned=1),
    Fate("on_hold", hold="LEGAL_POWER", age=0.5), Fate("drafting", returned=1, age=1.6),
    Fate("review", returned=1, done=0.6, age=1.4),
    Fate("review", asked=True, done=0.3, age=0.5), Fate("review", done=0.1, age=0.3, parties=3),
    Fate("drafting", returned=2, age=0.7, hold="DPIA"), Fate("sign_off", age=0.3),
    Fate("sign_off", age=1.8, returned=1),
    Fate("review", done=0.7, age=1.9, hold="NO_OWNER"), Fate("review", _F, age=0.5), Fate("drafting", _F, age=0.4),
    Fate("check_draft", age=1.5, returned=1), Fate("first_look", age=1.5), Fate("in_use", _F),
    Fate("in_use", returned=1, hold="TECH"), Fate("in_use", board=True, returned=1, hold="BOARD"),
    Fate("closed", _F), Fate("closed", returned=2, hold="FUNDING"), Fate("review", done=0.5, age=0.6, parties=4),
    Fate("review", done=0.2, age=1.2), Fate("on_hold", hold="DATA_SPEC", returned=1, age=1.2),
    Fate("in_use", returned=1), Fate("in_use", _F), Fate("text_agreed", age=1.5, hold="LEGAL_DIFF"),
    Fate("board", board=True, age=1.3), Fate("check_draft", _F, age=0.5), Fate("start", age=1.4),
    Fate("first_look", age=0.4, parties=3), Fate("withdrawn", returned=1, hold="RISK"), Fate("rejected", returned=1),
    Fate("preparing", returned=1, age=1.3), Fate("review_due", _F, age=1.3),
    Fate("review", returned=1, done=0.3, age=0.4),
    Fate("drafting", age=1.3, parties=3), Fate("in_use", returned=1, parties=3, hold="RESOURCE"),
    Fate("sign_off", _F, age=0.4),
    Fate("review", done=0.6, age=2.2, board=True), Fate("on_hold", hold="RESOURCE", age=0.8), Fate("signed", age=1.5),
    Fate("suspended", returned=1, age=0.4), Fate("ended", _F, age=0.6), Fate("in_use", hold="TEMPLATE", returned=2),
    Fate("text_agreed", _F, age=0.4), Fate("withdrawn"), Fate("drafting", age=0.2), Fate("in_use", _F),
    Fate("closed", returned=1, hold="SIGN"),
)  # fmt: skip


def fates(count: int) -> list[Fate]:
    """As many fates as asked for, every stage first; beyond the list it begins again without the real documents."""
    found = []
    for number in range(count):
        fate = FATES[number % len(FATES)]
        if number >= len(FATES) and fate.real:
            fate = Fate("in_use", returned=1)
        found.append(fate)
    return found


def months_at(share: float) -> float:
    """The months that this share of agreements stays under, between the quantiles on a logarithmic scale."""
    for (low, least), (high, most) in pairwise(QUANTILES):
        if share <= high:
            part = (share - low) / (high - low)
            return math.exp(math.log(least) + part * (math.log(most) - math.log(least)))
    return QUANTILES[-1][1]


def lengths(chosen: list[Fate], chance: random.Random) -> list[float]:
    """Working days to the last signature for each fate: one from each stratum, the long ones to those with trouble."""
    drawn = iter(_drawn([fate for fate in chosen if not fate.begun], chance))
    return [fate.days if fate.begun else next(drawn) for fate in chosen]


def _drawn(chosen: list[Fate], chance: random.Random) -> list[float]:
    count = len(chosen)
    days = [months_at((rank + 0.5) / count) * DAYS_A_MONTH for rank in range(count)]
    weights = [_weight(fate) + chance.random() * 2.5 for fate in chosen]
    order = sorted(range(count), key=lambda number: weights[number])
    found = [0.0] * count
    for rank, number in enumerate(order):
        found[number] = days[rank]
    return found


def _weight(fate: Fate) -> float:
    return (0 if fate.route == "fast" else 2) + fate.returned + 1.5 * fate.board + (1 if fate.hold else 0)
