"""Checks on impact assessment, automated decisions and children (R23-R27, R32, R33, R35, R66).

One rule: the assessment comes before the decision that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsa.domain.answered import own_part, words
from dsa.domain.conditions import answered
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule
from dsa.domain.values import fixed_date

SAFEGUARDS = {
    "told": "how people are told", "representations": "how they put their side",
    "human": "how they get a person to step in", "contest": "how they contest it",
}  # fmt: skip


def screening_triggers(case: Case) -> list[str]:
    """What in the answers is on the regulator's list of processing that needs an impact assessment."""
    categories, kinds = case.words("data_categories"), case.words("data_kind")
    large = case.word("volume_band") in ("100000_999999", "1m_plus")
    vulnerable = {"children", "looked_after", "vulnerable_adults", "care_leavers"}.intersection(case.words("subjects"))
    plans = [own_part(case.answers, "art14_plan", party, "plan") for party in case.parties]
    decided = case.word("decisions_about_people") in ("automated_with_human", "solely_automated")
    tests = (
        (case.answers.get("matched") is True, "data is matched"),
        ("biometric" in categories, "biometric data"),
        ("genetic" in case.words("special_categories"), "genetic data"),
        ("disproportionate" in plans, "people are not told"),
        ("location" in categories, "location is tracked"),
        (case.word("children") == "targeted" or bool(vulnerable and decided), "children or vulnerable people"),
        (case.word("ai_use") in ("model_training", "generative"), "new technology"),
        (large and bool({"special_category", "criminal_offence"}.intersection(kinds)), "sensitive data at large scale"),
        (case.word("decisions_about_people") == "solely_automated", "fully automated decisions"),
    )
    return [name for holds, name in tests if holds]


@rule("R23", BLOCK, "dpia", cites=("UK GDPR Article 35", "ICO data sharing code"))
def impact_is_assessed_or_screened(case: Case) -> Iterator[Hit]:
    """Personal data is shared only after an impact assessment or a screening."""
    if case.personal and not case.part("dpia", "outcome"):
        yield Hit("Say whether there is a data protection impact assessment, or what the screening found.")


@rule("R24", BLOCK, "dpia", cites=("UK GDPR Article 35(3)", "ICO list of processing likely to result in high risk"))
def screening_agrees_with_the_list(case: Case) -> Iterator[Hit]:
    """Where something is on the regulator's list, the assessment is not screened out."""
    found = screening_triggers(case)
    if found and case.part("dpia", "outcome") == "not_required":
        yield Hit(f"An impact assessment is required here ({', '.join(found)}). Make one before you go on.")


@rule("R25", BLOCK, "dpia", cites=("UK GDPR Article 35(1)",), needs=("sign_off_requested",))
def assessment_is_finished_before_sign_off(case: Case) -> Iterator[Hit]:
    """Nobody signs while the impact assessment is in progress."""
    if case.facts["sign_off_requested"] is True and case.part("dpia", "outcome") == "in_progress":
        yield Hit("The impact assessment is still in progress. Finish it before anybody signs.")


@rule("R26", BLOCK, "art36", "dpia", cites=("UK GDPR Article 36",))
def regulator_answers_where_risk_is_high(case: Case) -> Iterator[Hit]:
    """Where the remaining risk is high, the regulator has answered."""
    if case.part("dpia", "residual_risk") == "high" and not fixed_date(case.part("art36", "answered")):
        yield Hit("The remaining risk is high, so the regulator must answer first. Give the date of its answer.")


@rule("R27", WARN, "dpia", cites=("UK GDPR Article 35(11)",), needs=("today",), partly=("last_data_change",))
def assessment_is_fresh(case: Case) -> Iterator[Hit]:
    """The impact assessment is under 12 months old and younger than the last change of the data items."""
    made, today, changed = fixed_date(case.part("dpia", "date")), case.day("today"), case.day("last_data_change")
    if made and today and (today - made).days > 365:
        yield Hit("The impact assessment is more than 12 months old. Look at it again and give the new date.")
    elif made and changed and made < changed:
        yield Hit("The data items have changed since the impact assessment. Look at it again and give the new date.")


@rule("R32", BLOCK, "decisions_about_people", "art9", "automated_safeguards", cites=("UK GDPR Article 22B",))
def automated_decisions_on_special_data_are_allowed(case: Case) -> Iterator[Hit]:
    """Fully automated decisions on special category data rest on explicit consent, or on law and Article 9(2)(g)."""
    if case.word("decisions_about_people") != "solely_automated" or "special_category" not in case.words("data_kind"):
        return
    law = answered(case.part("automated_safeguards", "law"))
    for party in case.controllers:
        chosen = words(case.own("art9", party))
        if "a_explicit_consent" not in chosen and not (law and "g_substantial_public_interest" in chosen):
            yield Hit(
                f"{party.name} may decide automatically on special category data only with explicit consent, or with "
                "a law and condition (g). Let a person decide, or add them.",
                (f"art9.{party.key}", "automated_safeguards.law"),
            )


@rule("R33", BLOCK, "automated_safeguards", cites=("UK GDPR Article 22C",))
def automated_decisions_have_four_safeguards(case: Case) -> Iterator[Hit]:
    """Fully automated decisions come with all four safeguards."""
    if case.word("decisions_about_people") == "solely_automated":
        lacking = [name for key, name in SAFEGUARDS.items() if not answered(case.part("automated_safeguards", key))]
        if lacking:
            yield Hit(f"Say for the automated decision {', '.join(lacking)}.")


@rule("R35", BLOCK, "children_best_interests", cites=("UK GDPR Article 25", "ICO data sharing code, children"))
def childrens_interests_are_considered(case: Case) -> Iterator[Hit]:
    """Sharing about children says how it serves them."""
    if case.word("children") == "targeted" and not answered(case.answers.get("children_best_interests")):
        yield Hit("The sharing is about children. Say how it serves their best interests.")


@rule("R66", WARN, "dpia", cites=("UK GDPR Articles 35(2) and 38",))
def advice_against_is_answered(case: Case) -> Iterator[Hit]:
    """Whoever goes on against the data protection officer's advice says why."""
    if case.part("dpia", "dpo_advice") == "against" and not answered(case.part("dpia", "advice_decision")):
        yield Hit(
            "The data protection officer advises against it. Record why the decision-maker goes on.",
            ("dpia.advice_decision",),
        )
