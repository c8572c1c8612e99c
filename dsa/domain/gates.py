"""Which reviews an agreement needs, of which party and why, and which sections each review covers.

One rule: every need carries the answer that caused it, so that nobody reviews anything for a reason they cannot see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsa.domain.answered import part, words
from dsa.domain.catalogue import DEA_DEBT_FRAUD, HEALTH_TYPES, PERSONAL_KINDS
from dsa.domain.conditions import answered
from dsa.domain.parties import Answers, Party, rows_of
from dsa.domain.tier import Tier

ALL_SECTIONS = (
    "overview", "parties", "purpose", "data", "legal_power", "lawful_basis", "transparency", "security", "retention",
    "evidence",
)  # fmt: skip

# What a decision at each gate rests on: when one of these sections changes, that gate alone opens again.
SECTIONS_OF_GATE: dict[str, frozenset[str]] = {
    "G0": frozenset({"overview", "parties", "purpose"}),
    "G1": frozenset(ALL_SECTIONS),
    "G2": frozenset({"parties", "purpose", "legal_power", "lawful_basis"}),
    "G3": frozenset({"purpose", "data", "lawful_basis", "transparency", "security", "retention", "evidence"}),
    "G4": frozenset({"data", "security", "retention"}),
    "G5": frozenset({"data", "security"}),
    "G6": frozenset({"purpose", "data", "legal_power", "transparency"}),
    "G7": frozenset({"purpose", "data", "legal_power", "evidence"}),
    "G8": frozenset({"security", "retention"}),
    "G9": frozenset(ALL_SECTIONS),
    "G10": frozenset({"transparency", "security", "retention"}),
}


@dataclass(frozen=True, slots=True)
class GateNeed:
    """One review that is needed: by which role, of which party (None: of the arrangement as a whole), and why."""

    id: str
    role: str
    party: str | None
    because: str


def gates(answers: Answers, parties: Sequence[Party], tier: Tier) -> list[GateNeed]:
    """Every review that this agreement needs on its route, in the order G0 to G10."""
    known = [party for party in parties if party.signs]
    fast = tier.route == "fast"
    found = [*_opening(known), *_reviews(answers, known, fast), *_outside(answers, parties), *_closing(parties)]
    return sorted(found, key=lambda need: int(need.id[1:]))


def _opening(known: Sequence[Party]) -> Iterator[GateNeed]:
    for party in known:
        yield GateNeed("G0", "information_governance", party.key, "Each party says early whether it can take part.")
    yield GateNeed("G1", "drafter", None, "The draft is complete, nothing blocks it, and the parties accept the text.")


def _reviews(answers: Answers, known: Sequence[Party], fast: bool) -> Iterator[GateNeed]:
    personal = bool(PERSONAL_KINDS.intersection(words(answers.get("data_kind"))))
    about = "personal data" if personal else "data above the fast route's limits"
    for party in known:
        if fast:
            yield GateNeed("G3", "information_governance", party.key, "It confirms that the fast route fits.")
            continue
        yield GateNeed("G2", "legal", party.key, f"{party.name} needs a legal power to share or use the data.")
        yield GateNeed("G3", "data_protection", party.key, f"{party.name} takes part in sharing {about}.")
        yield GateNeed("G4", "security", party.key, f"{party.name} sends, keeps or uses the data.")
    for party in known:
        if party.discloses:
            yield GateNeed("G5", "data_owner", party.key, f"{party.name} has to be able to supply the data.")


def _outside(answers: Answers, parties: Sequence[Party]) -> Iterator[GateNeed]:
    """Guardians, boards and those who pay."""
    health = "health" in words(answers.get("special_categories")) or bool(
        {"health", "nhs_number"}.intersection(words(answers.get("data_categories")))
    )
    if health:
        for party in parties:
            if party.body_type in HEALTH_TYPES:
                yield GateNeed("G6", "caldicott", party.key, "It uses confidential information about patients.")
    if because := why_a_board(answers):
        yield GateNeed("G7", "board_secretary", None, because)
    recovered = part(answers, "costs", "basis") == "recovered"
    if recovered or any(row.get("new_supplier") is True for row in rows_of(answers.get("supplier_chain"))):
        because = "Costs are recovered." if recovered else "A new supplier handles the data."
        for party in parties:
            if party.signs:
                yield GateNeed("G8", "finance", party.key, because)


def why_a_board(answers: Answers) -> str:
    """Why a board or minister has to decide, by the answers on the legal power; empty where none has to."""
    if DEA_DEBT_FRAUD.intersection(words(answers.get("dea_power"))):
        return "Debt and fraud sharing needs the review board and a minister."
    if answers.get("duty_of_confidence") == "s251_copi":
        return "Section 251 support is decided outside the parties."
    return ""


def _closing(parties: Sequence[Party]) -> Iterator[GateNeed]:
    for party in parties:
        if party.signs:
            yield GateNeed("G9", "signatory", party.key, f"{party.name} is a party and signs.")
    for party in parties:
        if answered(party.role):
            yield GateNeed("G10", "operational", party.key, "The test transfer, notices and keys are ready first.")
