"""Which route an agreement takes, and why: computed from the answers, raised by hand, never lowered.

One rule: the fast route is only for what is known to be safe; a question without an answer counts against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dsa.domain.answered import own_part, part, word, words
from dsa.domain.catalogue import CROWN_TYPES, DEA_DEBT_FRAUD, PERSONAL_KINDS
from dsa.domain.conditions import answered
from dsa.domain.parties import Answers, Party, rows_of

ROUTES = ("fast", "standard")  # routes that have a workflow, lightest first
LEVELS = ("fast", "standard", "high", "emergency")
LARGE = ("100000_999999", "1m_plus")
ADEQUATE = frozenset({
    "AD", "AR", "AT", "BE", "BG", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FO", "FR", "GB", "GG", "GI",
    "GR", "HR", "HU", "IE", "IL", "IM", "IS", "IT", "JE", "JP", "KR", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "NZ",
    "PL", "PT", "RO", "SE", "SI", "SK", "US", "UY",
})  # fmt: skip
HIGH_PURPOSES = {"debt": "debt", "crime": "law enforcement", "immigration": "immigration"}


@dataclass(frozen=True, slots=True)
class Tier:
    """The route with its reasons. `level` is the risk as assessed, which may stand above every route there is yet."""

    route: str
    reasons: tuple[str, ...]
    level: str = "standard"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the first answers suggest; a person may choose otherwise."""

    doc_type: str
    binding_status: str
    route: str
    reasons: tuple[str, ...]


def tier(answers: Answers, parties: Sequence[Party], *, raised_to: str | None = None) -> Tier:
    """The route that these answers lead to. `raised_to` is a route chosen by hand; a lower one changes nothing."""
    against, high = _against_fast(answers), high_reasons(answers, parties)
    level = "high" if high else ("standard" if against else "fast")
    if answers.get("urgency") == "emergency":
        level = "emergency"
        high = ("It is an emergency: life, public health or national security.", *high)
    computed = "standard" if against or high else "fast"
    route = max((computed, _nearest(raised_to)), key=ROUTES.index)
    if raised_to in LEVELS and LEVELS.index(raised_to) > LEVELS.index(level):
        level = raised_to
        raised: tuple[str, ...] = (f"Somebody raised it by hand to the {raised_to} route.",)
    else:
        raised = ()
    reasons = (*raised, *against, *(reason for reason in high if reason not in against))
    return Tier(route, reasons or _for_fast(answers), level)


def _nearest(raised_to: str | None) -> str:
    """The strictest route that exists at or below the one asked for."""
    if raised_to is None or raised_to not in LEVELS:
        return ROUTES[0]
    return ROUTES[min(LEVELS.index(raised_to), len(ROUTES) - 1)]


def _for_fast(answers: Answers) -> tuple[str, ...]:
    """Why nothing stands in the way of the fast route, each reason a sentence of its own."""
    counted = "aggregate" in words(answers.get("data_kind"))
    return (
        "It uses no personal data.",
        *(("The statistics have a small-number rule.",) if counted else ()),
        "The data is marked OFFICIAL and stays in the UK.",
        "It uses the usual terms, brings in no new supplier and needs no board.",
    )


def _against_fast(answers: Answers) -> tuple[str, ...]:
    """Every condition of the fast route that does not hold, as a sentence."""
    kinds = words(answers.get("data_kind"))
    suppliers = rows_of(answers.get("supplier_chain"))
    checks = (
        (not kinds, "The kind of data is not known yet."),
        (bool(PERSONAL_KINDS.intersection(kinds)), "It uses personal data."),
        ("aggregate" in kinds and not answered(answers.get("small_numbers")),
         "The statistics have no small-number rule."),
        (answers.get("classification") is None, "The classification is not known yet."),
        (answers.get("classification") not in (None, "official"), "It is marked above OFFICIAL."),
        (answers.get("leaves_uk") is None, "It is not known yet whether data leaves the UK."),
        (answers.get("leaves_uk") is True or bool(countries(answers) - {"GB"}), "Data leaves the UK."),
        (any(row.get("new_supplier") is not False for row in suppliers), "A supplier is new to a party."),
        (answered(answers.get("special_terms")), "It has terms beyond the usual ones."),
        (_needs_board(answers), "A review board or a minister has to agree."),
    )  # fmt: skip
    return tuple(sentence for fails, sentence in checks if fails)


def high_reasons(answers: Answers, parties: Sequence[Party]) -> tuple[str, ...]:
    """Every sign of high risk, as a sentence (DOMAIN section 4)."""
    return tuple(sentence for holds, sentence in (*_high_data(answers), *_high_use(answers, parties)) if holds)


def _high_data(answers: Answers) -> Iterable[tuple[bool, str]]:
    kinds, subjects = words(answers.get("data_kind")), words(answers.get("subjects"))
    personal = bool(PERSONAL_KINDS.intersection(kinds))
    large = answers.get("volume_band") in LARGE
    bulk = answers.get("nature") == "recurring_bulk" or large
    return (
        ("special_category" in kinds, "Special category data is part of the purpose."),
        ("criminal_offence" in kinds, "Criminal offence data is part of the purpose."),
        (answers.get("children") == "targeted", "It is about children."),
        ("vulnerable_adults" in subjects, "It is about vulnerable adults."),
        (personal and large, "It is about 100,000 people or more."),
        ("nhs_number" in words(answers.get("data_categories")) or "health" in words(answers.get("special_categories")),
         "It uses confidential health data."),
        (answers.get("classification") == "official_sensitive" and bulk, "It sends OFFICIAL-SENSITIVE data in bulk."),
        (part(answers, "dpia", "residual_risk") == "high", "The remaining risk to people is high."),
    )  # fmt: skip


def _high_use(answers: Answers, parties: Sequence[Party]) -> Iterable[tuple[bool, str]]:
    personal = bool(PERSONAL_KINDS.intersection(words(answers.get("data_kind"))))
    purposes = [name for key, name in HIGH_PURPOSES.items() if key in words(answers.get("purpose_type"))]
    acted_on = personal and purposes and answers.get("decisions_about_people") not in (None, "no")
    unseen = [own_part(answers, "art14_plan", party, "plan") for party in parties]
    onward = any(row.get("private_sector") is True for row in rows_of(answers.get("onward_recipients")))
    return (
        (any(party.regime == "part_3" for party in parties), "A party uses the data for law enforcement (Part 3)."),
        (answers.get("decisions_about_people") == "solely_automated", "Decisions about people are fully automated."),
        (answers.get("ai_use") in ("model_training", "generative"), "Artificial intelligence is used on the data."),
        (bool(countries(answers) - ADEQUATE), "Data goes to a country without adequacy regulations."),
        (answers.get("power_tested") is False, "The power has not been used for this before."),
        (_needs_board(answers), "It is a debt or fraud pilot under the Digital Economy Act."),
        ("disproportionate" in unseen, "People are not told about it."),
        (bool(acted_on), f"It can lead to action against people: {', '.join(purposes)}."),
        (answers.get("novel_contentious") is True, "It is novel, contentious or could set a precedent."),
        (len(parties) > 5, f"It has {len(parties)} parties."),
        (onward, "Data is passed on to the private sector."),
    )


def countries(answers: Answers) -> set[str]:
    """Every country in which data is kept or to which it goes."""
    hosting = answers.get("hosting_location")
    found = {country for kept in (hosting.values() if isinstance(hosting, Mapping) else ()) for country in words(kept)}
    if answers.get("leaves_uk") is True:
        found |= {word(row, "country") for row in rows_of(answers.get("transfer_table"))} - {""}
    return found


def _needs_board(answers: Answers) -> bool:
    powers = set(words(answers.get("dea_power")))
    return (
        bool(DEA_DEBT_FRAUD & powers)
        or answered(answers.get("review_board"))
        or (answers.get("duty_of_confidence") == "s251_copi")
    )


def propose(answers: Answers, parties: Sequence[Party]) -> Proposal:
    """A document type, binding status and route for these answers, with the reasons."""
    found = tier(answers, parties)
    doc_type, why_doc = _doc_type(answers, parties)
    binding, why_binding = _binding(doc_type, parties)
    return Proposal(doc_type, binding, found.route, (why_doc, why_binding, *found.reasons))


def _doc_type(answers: Answers, parties: Sequence[Party]) -> tuple[str, str]:
    kinds = words(answers.get("data_kind"))
    all_public = bool(parties) and all(party.is_public for party in parties)
    receivers = [party for party in parties if not party.discloses]
    choices = (
        (any(party.controller_status == "joint_controller" for party in parties), "joint_controller_arrangement",
         "Parties decide together why and how the data is used, so they need a joint controller arrangement."),
        (bool(kinds) and not PERSONAL_KINDS.intersection(kinds), "non_personal_data_letter",
         "The data is not personal, so a letter is enough."),
        (bool(receivers) and all(party.processes_for_others for party in receivers), "data_processing_agreement",
         "Everyone who gets the data only acts on instructions, so Article 28 asks for a contract."),
        ("s64_research" in words(answers.get("dea_power")), "research_access_agreement",
         "It gives researchers access under section 64."),
        (len(parties) > 5 and answers.get("nature") != "one_off", "information_sharing_protocol",
         "Many parties share regularly, so a protocol suits them."),
        (all_public and answers.get("nature") == "one_off", "data_usage_agreement",
         "Public bodies share it once, so a data usage agreement suits them."),
        (all_public, "memorandum_of_understanding",
         "All parties are public bodies, so a memorandum with data sharing terms is enough."),
    )  # fmt: skip
    default = ("data_sharing_agreement", "Not every party is a public body, so a data sharing agreement is needed.")
    return next(((kind, why) for holds, kind, why in choices if holds), default)


def _binding(doc_type: str, parties: Sequence[Party]) -> tuple[str, str]:
    if doc_type == "data_processing_agreement":
        return "binding_contract", "A processor has to be bound by a contract."
    if parties and all(party.body_type in CROWN_TYPES for party in parties):
        return "not_binding", "Crown bodies cannot contract with each other, so it is a statement of intent."
    if parties and all(party.is_public for party in parties):
        return "not_binding", "Agreements between public bodies are usually statements of intent."
    return "binding_contract", "A party is not a public body, so it should be a binding contract."
