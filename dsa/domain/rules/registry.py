"""What a reviewer's check is, and how all of them are run.

One rule: a check that needs to know more than it was given is reported as not run, never as passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dsa.domain.answered import part, word, words
from dsa.domain.catalogue import PERSONAL_KINDS
from dsa.domain.parties import Answers, Party, concerns, own_answer, rows_of
from dsa.domain.values import fixed_date

BLOCK, WARN = "block", "warn"

# What lies outside the text, by the name under which it is given, and how a sentence speaks of it.
FACTS: Mapping[str, str] = {
    "today": "today's date",
    "issued": "the date on which the document was issued",
    "last_signature": "the date of the last signature",
    "last_data_change": "when the data items last changed",
    "sign_off_requested": "whether sign-off has been asked for",
    "author": "who wrote the draft",
    "approvers": "who approves it",
    "role_holders": "who holds which role",
    "absences": "who is away, and when",
    "agreements": "the other agreements that are live",
    "attachments": "the attachments and their markings",
    "permitted_methods": "which methods each party permits",
    "supply_confirmed": "which items the data owner has confirmed",
}


@dataclass(frozen=True, slots=True)
class Body:
    """A public body that texts may name. `overseer`: named in many agreements without taking part in any."""

    name: str
    abbreviations: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    part_of: str = ""
    overseer: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What a check looks at: the answers, the parties, what is known outside the text, and the known bodies."""

    answers: Answers
    parties: tuple[Party, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    bodies: tuple[Body, ...] = ()

    def word(self, key: str) -> str:
        """A text or choice; empty when there is none."""
        return word(self.answers, key)

    def words(self, key: str) -> list[str]:
        """The values of a multiple choice."""
        return words(self.answers.get(key))

    def part(self, key: str, name: str) -> Any:
        """A field of a record."""
        return part(self.answers, key, name)

    def own(self, key: str, party: Party) -> Any:
        """A party's own answer."""
        return own_answer(self.answers.get(key), party)

    def rows(self, key: str) -> list[Mapping[str, Any]]:
        """The rows of a table."""
        return rows_of(self.answers.get(key))

    def rows_about(self, key: str, party: Party) -> list[Mapping[str, Any]]:
        """The rows whose `party` column means this party."""
        return [row for row in self.rows(key) if concerns(row.get("party"), party)]

    @property
    def personal(self) -> bool:
        """Whether any of the data is personal."""
        return bool(PERSONAL_KINDS.intersection(self.words("data_kind")))

    @property
    def controllers(self) -> tuple[Party, ...]:
        """Parties under UK GDPR that decide for themselves; a party that has not said its regime counts."""
        return tuple(party for party in self.parties if party.is_controller and party.regime in ("", "uk_gdpr"))

    def day(self, name: str) -> date | None:
        """A fact that is a date."""
        return fixed_date(self.facts.get(name))


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a check found; fields and severity where they differ from the check's own."""

    message: str
    fields: tuple[str, ...] = ()
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it is shown: the rule, how severe, where, a sentence that says how to put it right, and sources."""

    rule: str
    severity: str
    fields: tuple[str, ...]
    message: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotRun:
    """A rule, or a part of one, that could not be judged, and what it would need."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class RuleReport:
    """Everything the checks say about one agreement."""

    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]

    @property
    def blocks(self) -> bool:
        """Whether anything found stops the agreement from going forward."""
        return any(finding.severity == BLOCK for finding in self.findings)


Check = Callable[[Case], Iterable[Hit | str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reviewer's check. `needs` are facts without which it cannot run; `partly` facts for a part of it."""

    id: str
    severity: str
    fields: tuple[str, ...]
    cites: tuple[str, ...]
    check: Check
    needs: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the check makes sure of, from the first line of its docstring."""
        return (self.check.__doc__ or self.id).strip().splitlines()[0]


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str, severity: str, *fields: str, cites: tuple[str, ...], needs: tuple[str, ...] = (),
    partly: tuple[str, ...] = (),
) -> Callable[[Check], Check]:  # fmt: skip
    """Enter a check under its id, with the fields it reads and the sources it rests on."""

    def enter(check: Check) -> Check:
        if rule_id in RULES:
            raise ValueError(f"two checks have the id {rule_id}")
        RULES[rule_id] = Rule(rule_id, severity, fields, cites, check, needs, partly)
        return check

    return enter


def run_all(case: Case) -> RuleReport:
    """Run every check in the order of its id."""
    findings: list[Finding] = []
    not_run: list[NotRun] = []
    for rule_id in sorted(RULES):
        one = RULES[rule_id]
        lacking = [name for name in one.needs if name not in case.facts]
        if lacking:
            not_run.append(NotRun(rule_id, f"It needs to know {_listed(lacking)}."))
            continue
        for hit in one.check(case):
            found = hit if isinstance(hit, Hit) else Hit(hit)
            severity = found.severity or one.severity
            findings.append(Finding(rule_id, severity, found.fields or one.fields, found.message, one.cites))
        lacking = [name for name in one.partly if name not in case.facts]
        if lacking:
            not_run.append(NotRun(rule_id, f"A part of it was not run: it needs to know {_listed(lacking)}."))
    return RuleReport(tuple(findings), tuple(not_run))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(FACTS[name] for name in names)
