"""The permission table: every cell of role x stage x relation, and the duties that are kept apart."""

import re
from itertools import product
from pathlib import Path

import pytest

from dsa.domain.actor import Actor, Authority, Held
from dsa.domain.machine import TaskFact
from dsa.domain.permissions import GRANTS, Subject, acting_post, grants, why_not
from dsa.domain.workflow import ROLES, SEPARATE_ROLES
from tests.domain.test_workflow_files import read
from tools import permissions as document

STANDARD = read("standard")
STAGES = [stage.id for stage in STANDARD.stages]
RELATIONS = ("lead", "other party", "stranger")
PARTIES = {"lead": "LEAD", "other party": "OTHER", "stranger": "STRANGER"}
WRITTEN = re.compile(r"^\| `([a-z_:]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def actor(role: str, relation: str, *, person: int = 7, sees_all: bool = False) -> Actor:
    held = Held(1, 1, PARTIES[relation], PARTIES[relation], role, role, sees_all)
    return Actor(person, "Somebody", (held,))


def subject(stage: str, **more: object) -> Subject:
    return Subject(stage, stage, "LEAD", {"l": "LEAD", "o": "OTHER"}, **more)  # type: ignore[arg-type]


def task(role: str = "legal", kind: str = "decision", organisation: str = "LEAD") -> TaskFact:
    return TaskFact("t", "t", "review", 1, "l", organisation, role, kind, True, "open")


def written_grid() -> dict[str, tuple[set[str], str, set[str]]]:
    """The table as the document has it: action to (roles, relation in words, stages)."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")
    standard = text.split("## Moves of the fast route")[0]
    found = {}
    for action, roles, relation, stages in WRITTEN.findall(standard):
        named = set(STAGES) if stages.strip() == "any stage" else set(re.findall(r"`([a-z_]+)`", stages))
        found[action] = (set(re.findall(r"`([a-z_]+)`", roles)), relation.strip(), named)
    return found


def test_the_document_is_what_the_table_says() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert text == document.text(), "run: python tools/permissions.py"


def test_every_cell_of_role_stage_and_relation_is_as_the_document_says() -> None:
    table, grid = grants(STANDARD), written_grid()
    assert {grant.action for grant in table} == set(grid)
    allowed = 0
    for action, (roles, words, stages) in grid.items():
        for role, stage, relation in product(ROLES, STAGES, RELATIONS):
            near = {
                "the lead party": relation == "lead",
                "any organisation": True,
                # the task of these cells is one of the lead party, for a legal adviser
                "the task's own organisation, in the task's role": relation == "lead" and role == "legal",
            }.get(words, relation != "stranger")
            expected = role in roles and stage in stages and near
            found = why_not(actor(role, relation), action, subject(stage, task=task()), table=table)
            assert (found is None) == expected, (action, role, stage, relation, found)
            allowed += expected
            if found is not None:
                assert str(found).endswith("."), found
    assert allowed > 1000


def test_what_is_not_in_the_table_is_refused() -> None:
    assert why_not(actor("drafter", "lead"), "delete", subject("drafting")) is not None
    assert why_not(Actor(1, "Nobody", ()), "view", subject("drafting")) is not None


@pytest.mark.parametrize(
    "grant", [grant for grant in grants(STANDARD) if grant.action not in ("view", "export", "start")]
)
def test_an_administrator_and_an_auditor_change_nothing(grant: object) -> None:
    action = grant.action  # type: ignore[attr-defined]
    for role in ("administrator", "auditor"):
        for stage in STAGES:
            at = subject(stage, task=task(role="legal"))
            assert (
                why_not(actor(role, "lead", sees_all=role == "auditor"), action, at, table=grants(STANDARD)) is not None
            )


@pytest.mark.parametrize("kind", ["decision", "advice", "signature"])
def test_whoever_wrote_part_of_the_draft_cannot_approve_or_sign_it(kind: str) -> None:
    role = "signatory" if kind == "signature" else "legal"
    at = subject("review", task=task(role, kind), editors=frozenset({7}))
    refusal = why_not(actor(role, "lead"), "decide", at)
    assert refusal is not None
    assert "You wrote part of this draft" in str(refusal)
    assert why_not(actor(role, "lead", person=8), "decide", at) is None


@pytest.mark.parametrize(
    ("role", "other"), [(a, b) for a in sorted(SEPARATE_ROLES) for b in sorted(SEPARATE_ROLES) if a != b]
)
def test_nobody_acts_in_two_of_the_separate_roles_on_one_agreement(role: str, other: str) -> None:
    kind = "signature" if role == "signatory" else "decision"
    at = subject("review", task=task(role, kind), separate={7: frozenset({other})})
    refusal = why_not(actor(role, "lead"), "decide", at)
    assert refusal is not None
    assert refusal.code == "two_roles"
    again = subject("review", task=task(role, kind), separate={7: frozenset({role})})
    assert why_not(actor(role, "lead"), "decide", again) is None


def test_nobody_of_one_party_decides_for_another() -> None:
    at = subject("review", task=task(organisation="OTHER"))
    assert why_not(actor("legal", "lead"), "decide", at) is not None
    assert why_not(actor("legal", "other party"), "decide", at) is None


def test_what_somebody_has_taken_is_theirs_until_they_pass_it_on() -> None:
    at = subject("review", task=task(), assignee_id=9, assignee_name="Legal adviser, Body A")
    refusal = why_not(actor("legal", "lead"), "decide", at)
    assert refusal is not None
    assert str(refusal) == "Legal adviser, Body A has taken this task. Ask them to pass it on to you."
    assert why_not(actor("legal", "lead"), "pass_on", at) is None


def test_on_hold_nothing_is_decided_and_only_a_withdrawal_moves_it() -> None:
    table = grants(STANDARD)
    at = subject("review", task=task(), on_hold=True)
    assert why_not(actor("legal", "lead"), "decide", at, table=table) is not None
    assert why_not(actor("drafter", "lead"), "move:take_back", at, table=table) is not None
    assert why_not(actor("drafter", "lead"), "move:withdraw", at, table=table) is None
    refusal = why_not(actor("drafter", "stranger"), "move:take_back", at, table=table)
    assert refusal is not None
    assert refusal.code == "role", "the hold is not told to somebody who could not do it anyway"


def test_an_auditor_who_sees_all_may_look_anywhere() -> None:
    looking = actor("auditor", "stranger", sees_all=True)
    assert why_not(looking, "view", subject("review")) is None
    assert acting_post(looking, "edit", subject("drafting")) is None


def test_a_refusal_names_who_may() -> None:
    refusal = why_not(actor("legal", "lead"), "edit", subject("drafting"))
    assert str(refusal) == (
        "You cannot change the draft. It is for: Drafter (LEAD). Ask them, or ask your administrator for the role."
    )


def test_every_action_of_the_table_has_words_and_roles() -> None:
    assert all(grant.says and grant.roles for grant in GRANTS)
    assert len({grant.action for grant in grants(STANDARD)}) == len(grants(STANDARD))


def test_an_authority_covers_only_its_time_route_kind_and_size() -> None:
    from datetime import date

    given = Authority(1, "Ref 1", ("standard",), ("dsa",), 100_000, date(2026, 1, 1), date(2026, 12, 31))
    fits = {"route": "standard", "document_type": "dsa", "subjects": 100_000, "on": date(2026, 12, 31)}
    assert given.covers(**fits)  # type: ignore[arg-type]
    for change in (
        {"on": date(2027, 1, 1)}, {"on": date(2025, 12, 31)}, {"route": "fast"}, {"document_type": "mou"},
        {"subjects": 100_001}, {"subjects": None},
    ):  # fmt: skip
        assert not given.covers(**{**fits, **change})  # type: ignore[arg-type]
