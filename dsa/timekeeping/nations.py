"""Which days are bank holidays, by nation: the three divisions of the United Kingdom, and calendars made of several.

One rule: a day counts only between the first and the last loaded year; outside them the answer is an error that says
so, never a guess that every weekday is worked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import metadata
from types import MappingProxyType

import holidays

from dsa.domain.errors import BadInput

NATIONS = ("ENG", "WLS", "SCT", "NIR")
NATION_NAMES = {"ENG": "England", "WLS": "Wales", "SCT": "Scotland", "NIR": "Northern Ireland"}
FIRST_YEAR = 2015
LAST_YEAR = 2031
FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)
PACKAGE_VERSION = metadata.version("holidays")
FREEDOM_OF_INFORMATION = "FOI"
_NONE: Mapping[str, frozenset[date]] = MappingProxyType({})


class BeyondCalendar(BadInput):
    """A date lies outside the years whose bank holidays are loaded."""

    def __init__(self, when: object) -> None:
        super().__init__(
            "%(when)s is outside the years %(first)s to %(last)s, for which bank holidays are known. "
            "Use a date in those years, or load more years.",
            when=when,
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )


class UnknownNation(BadInput):
    """No calendar goes by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "There is no working calendar “%(name)s”. Use ENG, WLS, SCT or NIR, several of them as "
            "ALL:ENG+SCT (all work) or ANY:ENG+SCT (at least one works), or FOI.",
            name=name[:60],
        )


@dataclass(frozen=True, slots=True)
class NationRule:
    """Whose bank holidays count. ``everyone``: a day is worked when all of ``nations`` work, else when any does."""

    nations: tuple[str, ...]
    everyone: bool = True


def nation_rule(name: str) -> NationRule:
    """Read ``ENG``, ``ALL:ENG+SCT``, ``ANY:ENG+SCT`` or ``FOI``; raise UnknownNation for anything else.

    FOI is the calendar of freedom of information requests: a bank holiday anywhere in the United Kingdom counts.
    """
    if name == FREEDOM_OF_INFORMATION:
        return NationRule(NATIONS)
    if name in NATIONS:
        return NationRule((name,))
    mode, _, listed = name.partition(":")
    nations = tuple(listed.split("+"))
    if mode not in ("ALL", "ANY") or not set(nations) <= set(NATIONS):
        raise UnknownNation(name)
    return NationRule(nations, everyone=mode == "ALL")


@lru_cache(maxsize=len(NATIONS))
def bank_holidays(nation: str) -> frozenset[date]:
    """Every bank holiday of one nation in the loaded years, with substitute and proclaimed days."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return frozenset(holidays.country_holidays("GB", subdiv=nation, years=years))


def holidays_of(rule: NationRule, extra: Mapping[str, frozenset[date]] = _NONE) -> frozenset[date]:
    """The bank holidays that a calendar with this rule keeps; ``extra`` are days proclaimed since, by nation.

    Where any nation's work is enough, a day is kept only where each of them keeps it.
    """
    sets = [bank_holidays(nation) | extra.get(nation, frozenset()) for nation in rule.nations]
    merge: Callable[..., frozenset[date]] = frozenset.union if rule.everyone else frozenset.intersection
    kept: frozenset[date] = merge(*sets)
    return kept
