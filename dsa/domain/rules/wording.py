"""Checks on the text itself: bodies that are not parties, leftovers, undefined words (R52, R53, R55, R67, R68).

One rule: a text may name whom it likes, as long as the agreement says what they have to do with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from dsa.domain.answered import texts
from dsa.domain.conditions import answered
from dsa.domain.parties import Party, concerns
from dsa.domain.rules.registry import BLOCK, WARN, Body, Case, Hit, rule

# Answers that name bodies on purpose, or that do not stand in the text.
NAMES_BODIES = frozenset({
    "parties", "signatories", "named_bodies", "other_access_orgs", "supplier_chain", "onward_recipients",
    "external_refs", "processor_contract", "legal_advice", "transfer_table", "parent_agreement", "replaces",
})  # fmt: skip
PLACEHOLDER = re.compile(
    r"\bTB[CDA]\b|\bto be (?:confirmed|decided|agreed|completed)\b|\[\s*(?:insert|enter|name|date|add|xx?)[^\]]{0,60}\]"
    r"|\bxx+\b|\blorem ipsum\b|\?\?\?|<[a-z ]{2,30}>|\binsert (?:here|name|date)\b", re.I)  # fmt: skip
ACRONYM = re.compile(r"(?<![\w.@/-])([A-Z][A-Z&]{1,6}[A-Z])(?![\w@])")
COMMON = frozenset({
    "UK", "GDPR", "DPA", "DPIA", "DPO", "FOI", "FOIA", "EIR", "ICO", "NHS", "API", "CSV", "JSON", "XML", "PDF", "SFTP",
    "TLS", "AES", "VPN", "HTTPS", "URL", "OFFICIAL", "SENSITIVE", "SRO", "IAO", "SIRO", "DEA", "MOU", "ISO", "PSN",
    "DSPT", "BPSS", "PIN", "AND", "NOT", "THE", "NINO", "UPRN", "SAR", "IT", "AI", "EU", "EEA", "USA",
})  # fmt: skip
BROAD = re.compile(
    r"\b(?:any other|and other|other related|such other) (?:lawful )?(?:purposes?|uses?|functions?)\b"
    r"|\bincluding but not limited to\b|\band so on\b|\betc\b|\bany purpose\b", re.I)  # fmt: skip
POWER_PURPOSES = {
    "s48_debt": ("debt", "section 48, debt"), "s56_fraud": ("fraud", "section 56, fraud"),
    "s64_research": ("research", "section 64, research"), "s80_statistics": ("statistics", "section 80, statistics"),
}  # fmt: skip
# Kinds of purpose that a debt or fraud power never covers.
FOREIGN_PURPOSES = {"immigration": "immigration", "hr": "staff and employment", "public_health": "public health"}


@rule("R52", BLOCK, "parties", cites=("HMRC and Student Loans Company data usage agreement, 2023",))
def bodies_in_the_text_are_parties(case: Case) -> Iterator[Hit]:
    """Every body that the text names is a party, and every party takes some part in the text."""
    taking_part = _known_names(case)
    for body, paths in _bodies_named(case).items():
        if not body.overseer and not _is_known(body, taking_part, case.bodies):
            yield Hit(
                f"The text names {body.name}, which is not a party. Correct the name, add it to the parties, or list "
                "it among the bodies that get access or are only named.",
                (*paths[:5], "parties"),
            )
    for party in case.parties:
        if not _takes_part(case, party):
            yield Hit(
                f"{party.name} is in the table of parties, but nothing in the agreement is about it. Take it out, or "
                "say what it does.",
                ("parties",),
            )


def _bodies_named(case: Case) -> dict[Body, list[str]]:
    """Known bodies in the text, with the places where they are named."""
    finder, by_name = _finder(case.bodies)
    found: dict[Body, list[str]] = {}
    if finder is None:
        return found
    for key, value in case.answers.items():
        if key in NAMES_BODIES:
            continue
        for path, text in texts(value, key):
            for hit in finder.finditer(text):
                body = by_name.get(hit[0]) or by_name.get(" ".join(hit[0].lower().split()))
                if body is not None and path not in found.setdefault(body, []):
                    found[body].append(path)
    return {body: paths for body, paths in found.items() if paths}


@lru_cache(maxsize=8)
def _finder(bodies: tuple[Body, ...]) -> tuple[re.Pattern[str] | None, dict[str, Body]]:
    """One pattern for all known names: names in any case, abbreviations only as they are written."""
    by_name: dict[str, Body] = {}
    patterns: list[str] = []
    for body in bodies:
        for name in (body.name, *body.also):
            by_name[name.lower()] = body
            patterns.append("(?i:" + r"\s+".join(map(re.escape, name.split())) + ")")
        for short in body.abbreviations:
            if len(short) > 2:
                by_name[short] = body
                patterns.append(re.escape(short))
    if not patterns:
        return None, by_name
    patterns.sort(key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)"), by_name


def _known_names(case: Case) -> set[str]:
    """Names and codes of whoever has a place in the agreement, in lower case."""
    known = {name.lower() for party in case.parties for name in (party.name, party.code) if name}
    for table, column in (
        ("named_bodies", "organisation"), ("other_access_orgs", "organisation"), ("supplier_chain", "supplier"),
        ("onward_recipients", "recipient"),
    ):  # fmt: skip
        known |= {str(row.get(column)).lower() for row in case.rows(table) if row.get(column)}
    return known


def _is_known(body: Body, known: set[str], bodies: tuple[Body, ...]) -> bool:
    """Whether a body, or the body it is a part of, has a place in the agreement."""
    names = {name.lower() for name in (body.name, *body.also, *body.abbreviations)}
    if names & known or any(_whole_word(name, place) for name in names for place in known):
        return True
    parent = next((one for one in bodies if one.name == body.part_of), None) if body.part_of else None
    return parent is not None and _is_known(parent, known, ())


def _whole_word(name: str, place: str) -> bool:
    return len(name) > 2 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", place) is not None


def _takes_part(case: Case, party: Party) -> bool:
    """Whether anything beyond the table of parties is about this party or its group."""
    keys = {party.key, party.group} - {None}
    for key, value in case.answers.items():
        if key == "parties":
            continue
        if isinstance(value, dict) and keys.intersection(value):
            return True
        if any(concerns(row.get("party") or row.get("controller"), party) for row in case.rows(key)):
            return True
        for _path, text in texts(value, key):
            if text in keys or party.name.lower() in text.lower() or (party.code and _has_word(party.code, text)):
                return True
    return False


def _has_word(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


@rule("R53", WARN, cites=("ICO data sharing code of practice",))
def nothing_is_left_to_fill_in(case: Case) -> Iterator[Hit]:
    """No placeholder is left in the text."""
    for key, value in case.answers.items():
        for path, text in texts(value, key):
            found = PLACEHOLDER.search(text)
            if found:
                yield Hit(f'"{found[0]}" is left over. Replace it with the real answer.', (path,))


@rule("R55", WARN, cites=("GOV.UK style guide, abbreviations",))
def acronyms_are_explained(case: Case) -> Iterator[Hit]:
    """Acronyms are written out once."""
    all_text = "\n".join(text for key, value in case.answers.items() for _, text in texts(value, key))
    known = COMMON | {short for body in case.bodies for short in body.abbreviations}
    known |= {party.code for party in case.parties} | {word for party in case.parties for word in party.name.split()}
    explained = set(re.findall(r"\(([A-Z][A-Z&]{1,6}[A-Z])\)", all_text)) | set(
        re.findall(r"\b([A-Z][A-Z&]{1,6}[A-Z]) \([A-Za-z]", all_text)
    )
    for key, value in case.answers.items():
        for path, text in texts(value, key):
            for short in dict.fromkeys(ACRONYM.findall(text) if len(text.split()) > 2 else ()):
                if short not in known and short not in explained:
                    explained.add(short)
                    yield Hit(f'"{short}" is not explained. Write it out the first time.', (path,))


@rule("R67", WARN, "aims", "purpose_type", "dea_power", cites=("Digital Economy Act 2017 Part 5 code of practice",))
def purpose_stays_within_the_power(case: Case) -> Iterator[Hit]:
    """The purpose is not broader than the power."""
    broad = BROAD.search(case.word("aims")) or BROAD.search(case.word("public_function"))
    if broad:
        yield Hit(f'"{broad[0]}" makes the purpose broader than any power. Say exactly what it is for.', ("aims",))
    purposes = case.words("purpose_type")
    for power in case.words("dea_power"):
        wanted, name = POWER_PURPOSES.get(power, ("", ""))
        if wanted and purposes and wanted not in purposes:
            yield Hit(f"The power is {name}, but that is not among the purposes. Change one of the two.")
        if power in ("s48_debt", "s56_fraud"):
            for foreign in (said for key, said in FOREIGN_PURPOSES.items() if key in purposes):
                yield Hit(f"The power ({name}) does not cover {foreign}. Take that purpose out.")


@rule("R68", WARN, "onward_sharing", "onward_terms", cites=("ICO data sharing code of practice",))
def passing_on_is_defined(case: Case) -> Iterator[Hit]:
    """Passing data on as the law requires says which law and when."""
    if case.word("onward_sharing") == "as_law_requires" and not answered(case.answers.get("onward_terms")):
        yield Hit("Data may be passed on as the law requires. Say which law, and what happens first.")
