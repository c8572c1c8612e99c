"""Checking a chain of events. One rule: any change to history is found, and the sentence says where."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsa.domain.events import moment
from dsa.domain.integrity import GENESIS, NotCanonical, canonical, event_hash


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """Something wrong with a history: at which event (its seq; 0 for what is beside the events), and a sentence."""

    seq: int
    says: str


def verify_chain(
    rows: Iterable[Any], *, head_seq: int, head_hash: str, organisations: Mapping[int, str]
) -> tuple[ChainProblem, ...]:
    """Everything wrong with the events of one agreement, in order; empty where the history is whole.

    ``rows`` are event rows as stored. ``head_seq`` and ``head_hash`` are what the agreement itself says of its last
    event: without them a history that was cut off at its end would look whole. ``organisations``: id to code.
    """
    found: list[ChainProblem] = []
    prev, last = GENESIS, 0
    for row in rows:
        if row.seq != last + 1:
            found.append(ChainProblem(last + 1, _gap(last, row.seq)))
        elif row.prev != prev:
            found.append(ChainProblem(row.seq, f"Event {row.seq} does not follow from event {last}."))
        found += _event_problems(row, organisations)
        prev, last = row.hash, row.seq
    if last != head_seq:
        says = f"The history ends at event {last}, but the agreement has {head_seq}."
        found.append(ChainProblem(last + 1, says))
    elif prev != head_hash:
        found.append(ChainProblem(last, f"Event {last} is not the one that the agreement names as its last."))
    return tuple(found)


def _gap(last: int, seq: int) -> str:
    if seq <= last:
        return f"Event {seq} stands after event {last}."
    return f"Event {last + 1} is missing." if seq == last + 2 else f"Events {last + 1} to {seq - 1} are missing."


def _event_problems(row: Any, organisations: Mapping[int, str]) -> list[ChainProblem]:
    try:
        data, prev = row.body.encode(), row.prev.encode("ascii").decode()
    except UnicodeError:
        return [ChainProblem(row.seq, f"Event {row.seq} holds text that cannot be read.")]
    if event_hash(prev, data) != row.hash:
        return [ChainProblem(row.seq, f"Event {row.seq} was changed: its hash does not fit what it says.")]
    try:
        body = json.loads(data)
        whole = isinstance(body, dict) and canonical(body) == data
    except (ValueError, RecursionError, NotCanonical):
        whole = False
    if not whole:
        return [ChainProblem(row.seq, f"The body of event {row.seq} cannot be read.")]
    return [
        ChainProblem(row.seq, f"Event {row.seq}: the {name} beside it is not what it says.")
        for name, stored, said in _repeated(row, body, organisations)
        if stored != said
    ]


def _repeated(row: Any, body: Mapping[str, Any], organisations: Mapping[int, str]) -> list[tuple[str, Any, Any]]:
    """(name, as stored in a column, as the body says) for everything that a column repeats."""
    actor = body.get("actor", {})
    return [
        ("number", row.seq, body.get("seq")),
        ("kind", row.kind, body.get("kind")),
        ("moment at which it happened", moment(row.happened_at), body.get("happened_at")),
        ("moment at which it was recorded", moment(row.recorded_at), body.get("recorded_at")),
        ("person", row.person_id, actor.get("person")),
        ("organisation", organisations.get(row.organisation_id), actor.get("organisation")),
        ("side", row.side, row.organisation_id if body.get("private") else None),
    ]
