"""The way of one agreement as a list of stays with their lengths. One rule: pure; chance is an argument."""

import random
from dataclasses import dataclass

from dsa.demo.fates import Fate

# Shares of the time to the last signature that each stay takes.
_SHARES = {
    "start": 0.02, "first_look": 0.04, "drafting": 0.15, "held": 0.12, "check_draft": 0.05, "review": 0.36,
    "redraft": 0.07, "recheck": 0.03, "rereview": 0.12, "board": 0.16, "text_agreed": 0.02, "sign_off": 0.20,
}  # fmt: skip
# Targets in working days by route, to age a stay that is not over.
_TARGETS = {
    "standard": {"start": 2, "first_look": 3, "drafting": 15, "check_draft": 5, "review": 10, "board": 40,
                 "text_agreed": 2, "sign_off": 5, "signed": 1, "preparing": 13, "in_use": 260, "review_due": 20,
                 "suspended": 20, "ended": 20, "data_destroyed": 5},
    "fast": {"start": 2, "first_look": 2, "drafting": 5, "check_draft": 2, "review": 4, "text_agreed": 1,
             "sign_off": 3, "signed": 1, "preparing": 3, "in_use": 260, "review_due": 20, "ended": 20},
}  # fmt: skip
_AGAIN = {"drafting": "redraft", "check_draft": "recheck", "review": "rereview"}
_AFTER = {
    "in_use": (), "review_due": ("review_due",), "suspended": ("suspended",), "ended": ("ended",),
    "data_destroyed": ("ended", "data_destroyed"), "closed": ("ended", "data_destroyed", "closed"),
    "superseded": ("superseded",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay: what is done in it, for how many working days, and whether the agreement is there today."""

    what: str
    days: float
    last: bool = False
    returns: bool = False


def itinerary(fate: Fate, days: float, chance: random.Random) -> list[Stay]:
    """The stays of an agreement that takes ``days`` working days to its last signature."""
    way = ["start", "first_look", "drafting", *(["held"] if fate.hold and fate.ends != "on_hold" else [])]
    way += ["check_draft", "review"]
    for _ in range(fate.returned):
        way += ["redraft", "recheck", "rereview"]
    way += [*(["board"] if fate.board else []), "text_agreed", "sign_off"]
    whole = sum(_SHARES[what] for what in way)
    stays = [Stay(what, days * _SHARES[what] / whole) for what in way]
    stays = _returning(stays, fate)
    if fate.ends in ("signed", "preparing", *_AFTER):
        return _begun(stays + _afterwards(fate, chance), fate)
    return _begun(_cut(stays, fate), fate)


def _begun(stays: list[Stay], fate: Fate) -> list[Stay]:
    """Make the last stay as long as it takes for the agreement to have begun when its fate says."""
    if not fate.begun:
        return stays
    before = sum(stay.days for stay in stays[:-1])
    return [*stays[:-1], Stay(stays[-1].what, max(1.0, fate.begun - before), last=True)]


def _returning(stays: list[Stay], fate: Fate) -> list[Stay]:
    """Every review but the last one sends the draft back."""
    reviews = [number for number, stay in enumerate(stays) if stay.what in ("review", "rereview")]
    sent_back = set(reviews[: fate.returned])
    return [Stay(s.what, s.days, s.last, number in sent_back) for number, s in enumerate(stays)]


def _afterwards(fate: Fate, chance: random.Random) -> list[Stay]:
    way = ["signed", "preparing", "in_use", *_AFTER.get(fate.ends, ())]
    way = way[: way.index(fate.ends) + 1]
    lengths = {"signed": 1 + chance.random() * 3, "preparing": 6 + chance.random() * 12}
    found = [Stay(what, lengths.get(what, 20 + chance.random() * 160)) for what in way]
    for number, stay in enumerate(found[:-1]):
        if stay.what in ("ended", "data_destroyed"):
            found[number] = Stay(stay.what, 4 + chance.random() * 12)
    age = fate.age * _TARGETS[fate.route].get(fate.ends, 10)
    if fate.ends == "in_use":
        age = 15 + chance.random() * 200
    return [*found[:-1], Stay(fate.ends, age, last=True)]


def _cut(stays: list[Stay], fate: Fate) -> list[Stay]:
    where = {"on_hold": "drafting", "withdrawn": "review", "rejected": "first_look"}.get(fate.ends, fate.ends)
    if fate.returned and fate.ends == "rejected":
        where = "review"
    if fate.returned and where in _AGAIN:
        where = _AGAIN[where]
    names = [stay.what for stay in stays]
    at = len(names) - 1 - names[::-1].index(where)
    age = fate.age * _TARGETS[fate.route].get({v: k for k, v in _AGAIN.items()}.get(where, where), 10)
    if fate.ends in ("withdrawn", "rejected"):
        return [*stays[:at], Stay(where, stays[at].days, last=True), Stay("over", 30 + 200 * fate.age, last=True)]
    return [*stays[:at], Stay(where, age, last=True)]
