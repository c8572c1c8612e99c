"""A good reviewer's checks, R01 to R70. One rule: every check is one small function that can be read alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dsa.domain.parties import Answers, Party

# Importing a module enters its checks in the registry.
from dsa.domain.rules import (  # noqa: F401
    data_items,
    impact,
    lawful_basis,
    legal_power,
    openness,
    persons,
    sending,
    status,
    timing,
    wording,
)
from dsa.domain.rules.registry import BLOCK, FACTS, RULES, WARN, Body, Case, Finding, NotRun, RuleReport, run_all

__all__ = ["BLOCK", "FACTS", "RULES", "WARN", "Body", "Finding", "NotRun", "RuleReport", "run_rules"]


def run_rules(
    answers: Answers,
    parties: Sequence[Party],
    *,
    facts: Mapping[str, Any] | None = None,
    bodies: Sequence[Body] = (),
) -> RuleReport:
    """Every check over flat answers. `facts` are what is known outside the text (see FACTS); `bodies` the public
    bodies that the text is searched for. The same inputs always give the same report."""
    return run_all(Case(answers, tuple(parties), dict(facts or {}), tuple(bodies)))
