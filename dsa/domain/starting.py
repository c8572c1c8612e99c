"""From the answers to the start questions to the first answers of the agreement.

One rule: nothing that was asked at the start is asked again; everything filled in can be changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsa.domain.form import Form, Question
from dsa.domain.parties import Answers


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the directory knows about an organisation that takes part."""

    code: str
    name: str
    nation: str = "ENG"
    body_type: str = ""


def prefill(start: Form, given: Answers, *, organisations: Iterable[Organisation], ours: str) -> dict[str, Any]:
    """The first answers of an agreement, flat by question key.

    `given` are answers to the start form, in which organisations are named by code; `ours` is our own code, whose
    party gets what we said about ourselves. An organisation that the directory does not know becomes a party by name.
    """
    known = {one.code: one for one in organisations}
    found: dict[str, Any] = {}
    for question in start.questions():
        value = given.get(question.key)
        if question.fills is None or value in (None, "", []):
            continue
        if question.type == "organisation":
            _add_parties(found, question, value, known)
        elif question.fills.fixed:
            role = question.fills.fixed.get("role", "owner")
            found.setdefault(question.fills.question, {}).setdefault(party_key(ours), {})[role] = value
        else:
            found[question.fills.question] = question.fills.values.get(str(value), value)
    if "title" not in found and found.get("parties"):
        found["title"] = _title(found["parties"])
    return found


def party_key(code: str) -> str:
    """The short name of a party in the form: small letters, digits and hyphens, from an organisation's code or name."""
    return re.sub(r"[^a-z0-9]+", "-", code.lower().encode("ascii", "ignore").decode()).strip("-")[:40] or "party"


def _add_parties(found: dict[str, Any], question: Question, value: Any, known: Mapping[str, Organisation]) -> None:
    role = question.fills.fixed.get("role", "") if question.fills else ""
    rows: list[dict[str, Any]] = found.setdefault("parties", [])
    for code in value if isinstance(value, list) else [value]:
        one = known.get(str(code)) or Organisation("", str(code), "", "")
        key = party_key(one.code or one.name)
        same = next((row for row in rows if row["id"] == key), None)
        if same is not None:
            same["role"] = "both" if {same["role"], role} == {"discloser", "recipient"} else role
            continue
        row = {"id": key, "name": one.name, "code": one.code, "body_type": one.body_type, "nation": one.nation}
        rows.append({name: text for name, text in {**row, "role": role}.items() if text})


def _title(rows: Iterable[Mapping[str, Any]]) -> str:
    """A working title until somebody gives a better one."""
    givers = [row["name"] for row in rows if row["role"] in ("discloser", "both")]
    takers = [row["name"] for row in rows if row["role"] == "recipient"] or givers[1:]
    return f"Data from {' and '.join(givers[:2])} for {' and '.join(takers[:2])}"[:150]
