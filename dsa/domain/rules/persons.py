"""Checks that need to know people, absences and other agreements (R45, R46, R69, R70).

One rule: they judge posts and records that they are given; without them they are reported as not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule
from dsa.domain.values import fixed_date


def _listed(case: Case, name: str) -> list[Mapping[str, Any]]:
    given = case.facts[name]
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


@rule("R45", BLOCK, "signatories", cites=("ICO accountability framework",), needs=("author", "approvers"))
def author_does_not_approve(case: Case) -> Iterator[Hit]:
    """Nobody approves what they wrote."""
    author = case.facts["author"]
    for one in _listed(case, "approvers"):
        if author and one.get("person") == author:
            yield Hit(f"{author} wrote the draft and cannot approve it as {one.get('role')}. Ask somebody else.")


@rule("R46", BLOCK, "people", cites=("National Data Guardian guidance, 2021",), needs=("role_holders",))
def guardian_is_not_the_risk_owner(case: Case) -> Iterator[Hit]:
    """The Caldicott Guardian is not also the senior information risk owner."""
    holders = _listed(case, "role_holders")
    for one in holders:
        same = [o for o in holders if o.get("person") == one.get("person") and o.get("party") == one.get("party")]
        if one.get("role") == "caldicott" and any(other.get("role") == "siro" for other in same):
            severity = WARN if one.get("exception") is True else BLOCK
            message = f"{one.get('person')} is both Caldicott Guardian and senior information risk owner. Name another."
            yield Hit(message, severity=severity)


@rule("R69", WARN, "signatories", cites=("ICO accountability framework",), needs=("absences",))
def absent_approvers_have_cover(case: Case) -> Iterator[Hit]:
    """An approver who is away in the time of the review has cover."""
    for one in _listed(case, "absences"):
        if not one.get("cover"):
            until = fixed_date(one.get("to"))
            when = f" until {_day(until)}" if until else ""
            yield Hit(f"{one.get('person')} is away{when} and nobody covers. Name a deputy.")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@rule("R70", WARN, "parties", "data_items", cites=("ICO accountability framework, log of agreements",),
      needs=("agreements",))  # fmt: skip
def no_live_agreement_does_the_same(case: Case) -> Iterator[Hit]:
    """No other live agreement has the same parties and overlapping items."""
    codes = {party.code or party.name for party in case.parties}
    items = {str(row.get("field")).lower() for row in case.rows("data_items") if row.get("field")}
    for one in _listed(case, "agreements"):
        same = set(one.get("parties") or ()) == codes
        shared = items.intersection(str(item).lower() for item in one.get("data_items") or ())
        if same and shared:
            yield Hit(
                f"{one.get('reference')} is live between the same parties and has {', '.join(sorted(shared)[:3])}. "
                "Use it, or say why another is needed."
            )
