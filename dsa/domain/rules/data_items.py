"""Checks on the data itself (R36-R40, R59).

One rule: every item earns its place, and every item can be supplied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsa.domain.conditions import answered
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule

STRONG_IDENTIFIER = re.compile(
    r"\bnino\b|national insurance|nhs (number|no)|\bbank\b|sort code|account number|\biban\b", re.I
)
FREE_TEXT = re.compile(r"free[- ]?text|case ?notes?|\bnotes\b|comments?|narrative|remarks", re.I)
UNIQUE_ID = re.compile(
    r"\b(id|identifier|reference|ref|number|uprn|upn|uln|nino)\b|_id\b|unique|pseudonym|\bhash\b", re.I
)
LEAST_REASON = 40


def _said(row: object) -> str:
    return f"{row.get('field') or ''} {row.get('description') or ''}" if hasattr(row, "get") else ""


@rule("R36", WARN, "data_items", cites=("UK GDPR Article 5(1)(c)",))
def strong_identifiers_are_justified(case: Case) -> Iterator[Hit]:
    """National Insurance and NHS numbers and bank details have a real reason."""
    for number, row in enumerate(case.rows("data_items")):
        if STRONG_IDENTIFIER.search(_said(row)) and len(str(row.get("why") or "")) < LEAST_REASON:
            yield Hit(
                f'"{row.get("field")}" identifies people strongly. Say in at least {LEAST_REASON} characters why it is '
                "needed.",
                (f"data_items[{number}].why",),
            )


@rule("R37", WARN, "data_items", "special_categories", cites=("UK GDPR Article 9(1)",))
def special_items_and_categories_agree(case: Case) -> Iterator[Hit]:
    """Items marked special and the special categories agree."""
    marked = [row for row in case.rows("data_items") if row.get("special") is True]
    if marked and not case.words("special_categories"):
        yield Hit(f'"{marked[0].get("field")}" is marked special, but no special category is chosen. Choose it.')
    if case.words("special_categories") and case.rows("data_items") and not marked:
        yield Hit("Special categories are chosen, but no item is marked special. Mark the items.", ("data_items",))


@rule("R38", WARN, "data_items", cites=("UK GDPR Article 5(1)(c)",))
def free_text_is_avoided(case: Case) -> Iterator[Hit]:
    """Free text and case notes are left out where they can be."""
    for number, row in enumerate(case.rows("data_items")):
        if FREE_TEXT.search(f"{_said(row)} {row.get('format') or ''}"):
            yield Hit(
                f'"{row.get("field")}" is free text and may hold anything. Leave it out, or share a code instead.',
                (f"data_items[{number}]",),
            )


@rule("R39", WARN, "small_numbers", cites=("ICO anonymisation guidance",))
def statistics_have_a_small_number_rule(case: Case) -> Iterator[Hit]:
    """Aggregate data has a rule for small numbers."""
    if "aggregate" in case.words("data_kind") and not answered(case.answers.get("small_numbers")):
        yield Hit("People can be recognised in small groups. Give the rule for small numbers.")


@rule("R40", WARN, "data_kind", "data_items", cites=("ICO anonymisation guidance",))
def anonymous_data_has_no_identifiers(case: Case) -> Iterator[Hit]:
    """Data called anonymous holds no record-level identifier."""
    if "aggregate" not in case.words("data_kind") or case.personal:
        return
    for number, row in enumerate(case.rows("data_items")):
        if UNIQUE_ID.search(str(row.get("field") or "")) or row.get("identifiability") in ("direct", "quasi"):
            yield Hit(
                f'"{row.get("field")}" points to single people or records, so the data is pseudonymised and personal. '
                "Change the kind of data, or take the item out.",
                (f"data_items[{number}]", "data_kind"),
            )


@rule("R59", BLOCK, "data_items", cites=("HMRC and Leeds City Council data usage agreement, variation 2024",),
      partly=("supply_confirmed",))  # fmt: skip
def every_item_can_be_supplied(case: Case) -> Iterator[Hit]:
    """The data owner has confirmed that each item can be supplied."""
    confirmed = case.facts.get("supply_confirmed")
    known = confirmed if isinstance(confirmed, list) else []
    for number, row in enumerate(case.rows("data_items")):
        place, name = (f"data_items[{number}].supply",), row.get("field")
        if row.get("supply") == "cannot":
            yield Hit(f'"{name}" cannot be supplied. Take it out, or agree on another item.', place)
        elif "supply_confirmed" in case.facts and row.get("supply") != "confirmed" and name not in known:
            yield Hit(f'The data owner has not confirmed "{name}" yet. Ask before legal review.', place)
