"""Which approvals still stand. One rule: an approval lapses exactly when a section that it covers changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

OUTCOMES_THAT_STAND = frozenset(
    {"approved", "approved_with_conditions", "support", "support_with_conditions", "against"}
)


@dataclass(frozen=True, slots=True)
class Covered:
    """An approval as far as standing goes: which task rule and party, and the section hashes that it covered."""

    id: int
    rule: str
    party: str | None
    outcome: str
    section_hashes: Mapping[str, str]


def covered_hashes(sections: Iterable[str], hashes: Mapping[str, str]) -> dict[str, str]:
    """The hashes that an approval of these sections covers; every section where none are named."""
    wanted = tuple(sections) or tuple(hashes)
    return {key: hashes[key] for key in wanted if key in hashes}


def standing(approvals: Iterable[Covered], hashes: Mapping[str, str]) -> tuple[frozenset[int], frozenset[int]]:
    """(ids that stand, ids that lapse) for a text with these section hashes."""
    stands: set[int] = set()
    lapses: set[int] = set()
    for approval in approvals:
        unchanged = all(hashes.get(key) == value for key, value in approval.section_hashes.items())
        (stands if unchanged and approval.outcome in OUTCOMES_THAT_STAND else lapses).add(approval.id)
    return frozenset(stands), frozenset(lapses)
