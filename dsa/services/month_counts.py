"""Figures of stages by the months in which agreements were started. One rule: they are what the tallies of those months
hold, added up for every month, quarter, year and ten years, so that a page reads few rows whatever it is asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dsa.persistence import figures_by_month as stored
from dsa.persistence.figures_by_month import Place
from dsa.services.stage_counts import OPEN, PASSED, STAY, StageCounts, read
from dsa.timekeeping.months import blocks_of

_TOPICS = (STAY, PASSED, OPEN)


def follow(session: Session, deltas: Mapping[tuple[Any, ...], Sequence[int]]) -> None:
    """Add what tallies changed by: (n, amount) by scope and ``counting.Key``."""
    tallies = ((*key, *value) for key, value in deltas.items() if key[1] in _TOPICS)
    changed = _by_place(tallies)
    if not changed:
        return
    for place, text in stored.kept(session, changed).items():
        changed[place].add(read(text))
    stored.replace(session, {place: counts.text() for place, counts in changed.items()})


def make_anew(session: Session) -> None:
    """Make all of them from the tallies."""
    stored.clear(session)
    for _, found in _from_tallies(session):
        stored.put(session, found)


def differing(session: Session) -> list[int]:
    """The scopes whose figures by month are not what their tallies say."""
    wrong = [scope for scope, found in _from_tallies(session) if stored.of_scope(session, scope) != found]
    return sorted({*wrong, *(stored.scopes(session) - stored.tallied(session))})


def _from_tallies(session: Session) -> Iterator[tuple[int, dict[Place, str]]]:
    for scope in sorted(stored.tallied(session)):
        places = _by_place(stored.tallies(session, scope, _TOPICS))
        texts = {place: counts.text() for place, counts in places.items()}
        yield scope, {place: text for place, text in texts.items() if text}


def _by_place(tallies: Iterable[Sequence[Any]]) -> dict[Place, StageCounts]:
    """Added up in every block that holds the month of a tally (scope, ``counting.Key``, n, amount)."""
    found: dict[Place, StageCounts] = defaultdict(StageCounts)
    known: dict[int, tuple[int, ...]] = {}
    for scope, topic, month, stage, detail, span, workflow, route, n, amount in tallies:
        blocks = known.get(month)
        if blocks is None:
            blocks = known[month] = blocks_of(month)
        for block in blocks:
            found[scope, block, workflow, route, stage].change(topic, detail, span, n, amount)
    return found
