"""Values of the catalogue that the code itself must know: which kinds of body are public, which data are personal.

One rule: an option that code decides on stands here once, and a test holds it against the form file.
"""

from __future__ import annotations

PUBLIC_AUTHORITY_TYPES = frozenset({
    "ministerial_department", "non_ministerial_department", "executive_agency", "executive_ndpb", "advisory_ndpb",
    "alb_other", "public_corporation", "devolved_government", "devolved_agency", "local_authority",
    "combined_authority", "police", "fire", "nhs_trust", "icb", "nhs_national_body", "regulator", "school_college",
    "court_tribunal",
})  # fmt: skip

CROWN_TYPES = frozenset({
    "ministerial_department", "non_ministerial_department", "executive_agency", "devolved_government",
    "devolved_agency",
})  # fmt: skip

# Bodies that can be competent authorities under Part 3 of the Data Protection Act 2018 (Schedule 7, or a public
# function of preventing or prosecuting offences).
COMPETENT_AUTHORITY_TYPES = frozenset({
    "ministerial_department", "non_ministerial_department", "executive_agency", "police", "regulator",
    "court_tribunal", "local_authority", "devolved_government", "devolved_agency", "nhs_national_body",
})  # fmt: skip

HEALTH_TYPES = frozenset({"nhs_trust", "icb", "nhs_national_body"})

PERSONAL_KINDS = frozenset({"personal", "special_category", "criminal_offence", "pseudonymised"})

DEA_DEBT_FRAUD = frozenset({"s48_debt", "s56_fraud"})

STANDING_CLASSIFICATIONS = ("official", "official_sensitive", "secret", "top_secret")
