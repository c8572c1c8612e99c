"""The parties of an agreement, read from its answers, and how a party's own answer is looked up.

One rule: what a party answers for itself stands before what its group answers for all its members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dsa.domain.catalogue import PUBLIC_AUTHORITY_TYPES

Answers = Mapping[str, Any]

DISCLOSING_ROLES = frozenset({"discloser", "both"})
RECEIVING_ROLES = frozenset({"recipient", "both"})
PROCESSOR_STATUSES = frozenset({"processor", "sub_processor"})
CONTROLLER_STATUSES = frozenset({"independent_controller", "joint_controller"})


@dataclass(frozen=True, slots=True)
class Party:
    """One organisation in an agreement, as the agreement describes it (not the directory's record)."""

    key: str
    name: str
    code: str = ""
    nation: str = ""
    body_type: str = ""
    role: str = ""
    controller_status: str = ""
    regime: str = ""
    sector: str = ""
    group: str | None = None
    signs: bool = True

    @property
    def discloses(self) -> bool:
        """Whether data leaves this party."""
        return self.role in DISCLOSING_ROLES

    @property
    def receives(self) -> bool:
        """Whether this party gets data for its own purposes."""
        return self.role in RECEIVING_ROLES

    @property
    def processes_for_others(self) -> bool:
        """Whether this party acts only on another party's instructions."""
        return self.role == "processor" or self.controller_status in PROCESSOR_STATUSES

    @property
    def is_public(self) -> bool:
        """Whether this party is a public authority."""
        return self.body_type in PUBLIC_AUTHORITY_TYPES

    @property
    def is_controller(self) -> bool:
        """Whether this party decides why and how; a party that has not said is taken to."""
        return not self.processes_for_others and self.controller_status != "non_personal_recipient"

    def attribute(self, name: str) -> Any:
        """A value by the name conditions use; None when there is none."""
        if name == "public":
            return self.is_public
        if name == "id":
            return self.key
        return getattr(self, name, None) if name in PARTY_ATTRIBUTES else None

    def content(self) -> dict[str, Any]:
        """This party as it stands in the frozen content of a version."""
        return {
            "key": self.key, "name": self.name, "code": self.code, "nation": self.nation,
            "body_type": self.body_type, "role": self.role, "controller_status": self.controller_status,
            "signs": self.signs, "group": self.group,
        }  # fmt: skip


PARTY_ATTRIBUTES = (
    "id", "name", "code", "nation", "body_type", "role", "controller_status", "regime", "sector", "group", "signs",
    "public",
)  # fmt: skip


def own_answer(value: object, party: Party) -> Any:
    """A party's own answer in a per-party answer: by its key, else by its group's key, else None."""
    if not isinstance(value, Mapping):
        return None
    if party.key in value:
        return value[party.key]
    return value.get(party.group) if party.group else None


def rows_of(value: object) -> list[Mapping[str, Any]]:
    """The rows of a table answer that are rows at all; drafts may hold anything."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def parties_of(answers: Answers) -> tuple[Party, ...]:
    """The parties named in the `parties` table, with their own answers on controller status and regime.

    Rows without an id are left out: nothing can refer to them.
    """
    found: dict[str, Party] = {}
    for row in rows_of(answers.get("parties")):
        key = _word(row.get("id"))
        if not key or key in found:
            continue
        party = Party(
            key=key,
            name=_word(row.get("name")) or key,
            code=_word(row.get("code")),
            nation=_word(row.get("nation")),
            body_type=_word(row.get("body_type")),
            role=_word(row.get("role")),
            sector=_word(row.get("sector")),
            group=_word(row.get("group")) or None,
        )
        found[key] = _with_own_answers(party, row, answers)
    return tuple(found.values())


def _with_own_answers(party: Party, row: Mapping[str, Any], answers: Answers) -> Party:
    """The party with what it says about itself elsewhere in the form; a processor joins without signing by default."""
    status = _word(own_answer(answers.get("controller_status"), party))
    regime = _word(own_answer(answers.get("regime"), party))
    signs = row.get("signs")
    known = replace(party, controller_status=status, regime=regime)
    return replace(known, signs=signs if isinstance(signs, bool) else not known.processes_for_others)


def parties_from_content(content: Mapping[str, Any]) -> tuple[Party, ...]:
    """The parties of a frozen version."""
    flat = flatten(content.get("answers", {}))
    by_key = {party.key: party for party in parties_of(flat)}
    listed = []
    for row in rows_of(content.get("parties")):
        key = _word(row.get("key"))
        regime = by_key[key].regime if key in by_key else ""
        listed.append(
            Party(
                key=key, name=_word(row.get("name")) or key, code=_word(row.get("code")),
                nation=_word(row.get("nation")), body_type=_word(row.get("body_type")), role=_word(row.get("role")),
                controller_status=_word(row.get("controller_status")), regime=regime,
                group=_word(row.get("group")) or None, signs=bool(row.get("signs", True)),
            )
        )  # fmt: skip
    return tuple(listed) or tuple(by_key.values())


def flatten(sectioned: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by section as one mapping of question key to answer (keys are unique in a form)."""
    return {
        key: value for section in sectioned.values() if isinstance(section, Mapping) for key, value in section.items()
    }


def concerns(reference: object, party: Party) -> bool:
    """Whether a `party` column (one key, or a list of keys, of parties or groups) means this party."""
    if isinstance(reference, list | tuple):
        return any(concerns(one, party) for one in reference)
    return reference == party.key or (party.group is not None and reference == party.group)


def names_of(parties: Iterable[Party]) -> str:
    """Party names as a phrase: "A, B and C"; a long list is cut with a count."""
    names = [party.name for party in parties]
    if len(names) > 6:
        return f"{', '.join(names[:5])} and {len(names) - 5} others"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def groups_of(parties: Sequence[Party]) -> dict[str, tuple[Party, ...]]:
    """Groups of parties by their key, in the order in which they first appear."""
    groups: dict[str, tuple[Party, ...]] = {}
    for party in parties:
        if party.group:
            groups[party.group] = (*groups.get(party.group, ()), party)
    return groups


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
