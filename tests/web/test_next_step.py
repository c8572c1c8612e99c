"""Who is next: while an agreement is not over, somebody always is, and it is somebody who may."""

import pytest

from dsa.persistence import drafts
from dsa.services import holding, moves, reviewing
from dsa.services.next_step import NextStep, forward_move, next_steps
from tests.web.world import STAGES, World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def steps(world: World, reference: str) -> tuple[NextStep, ...]:
    with world.ctx.database.reading() as session:
        return next_steps(world.ctx, session, world.loaded(reference))


@pytest.mark.parametrize("stage", STAGES)
def test_in_every_stage_somebody_is_next_and_can_be_found(world: World, stage: str) -> None:
    reference = world.agreement_in(stage)
    found = steps(world, reference)
    assert found
    assert found[0].required
    for step in found:
        assert step.person_ids
        assert step.who
        assert step.what
        assert step.due_at is not None
        assert step.url.startswith(f"/agreements/{reference}")


def test_the_one_due_first_is_first_and_what_nobody_waits_for_is_last(world: World) -> None:
    found = steps(world, world.agreement_in("first_look"))
    assert [step.required for step in found] == [True, False, False, False]
    assert found[0].who == "Information governance lead, Student Loans Company"


def test_once_it_is_over_nobody_is_next(world: World) -> None:
    reference = world.agreement_in("drafting")
    moves.move(
        world.ctx, world.actor("HMRC", "drafter"), reference, "withdraw", seen=world.seen(reference), reason="No need."
    )
    assert steps(world, reference) == ()


def test_a_question_waits_for_the_drafter_instead_of_its_reviewer(world: World) -> None:
    reference = world.agreement_in("check_draft")
    reviewing.ask_question(
        world.ctx, world.actor("SLC", "information_governance"), reference, "check_text:slc", "Which?",
        seen=world.seen(reference),
    )  # fmt: skip
    (step,) = steps(world, reference)
    assert step.who == "Drafter, HM Revenue and Customs"
    assert step.url == f"/agreements/{reference}/questions/1"


def test_a_hold_waits_for_whom_it_names(world: World) -> None:
    from datetime import date

    reference = world.agreement_in("review")
    holding.begin_hold(
        world.ctx, world.actor("HMRC", "drafter"), reference, code="LEGAL_DIFF", awaited="SLC", outside=False,
        until=date(2026, 12, 1), seen=world.seen(reference),
    )  # fmt: skip
    (step,) = steps(world, reference)
    assert step.organisation == "Student Loans Company"
    assert step.url.endswith("/hold/end")


def test_an_author_is_not_named_for_a_review(world: World) -> None:
    reference = world.agreement_in("review")
    adviser = world.person("SLC", "legal")
    with world.ctx.database.writing() as session:
        drafts.add_editor(
            session, agreement_id=world.loaded(reference).head.id, person_id=adviser, at=world.ctx.clock.now()
        )
    step = next(step for step in steps(world, reference) if step.url.endswith("legal:slc"))
    assert adviser not in step.person_ids
    assert step.who == "Legal adviser, Student Loans Company"


def test_whoever_took_a_task_is_named(world: World) -> None:
    reference = world.agreement_in("check_draft")
    reviewing.claim(world.ctx, world.actor("SLC", "information_governance"), reference, "check_text:slc")
    (step,) = steps(world, reference)
    assert step.person_ids == (world.person("SLC", "information_governance"),)


@pytest.mark.parametrize("route", ["standard", "fast"])
def test_every_stage_that_ends_by_a_move_has_a_way_forward(world: World, route: str) -> None:
    with world.ctx.database.reading() as session:
        flow = world.ctx.definitions.for_route(session, route)
    for stage in flow.workflow.stages:
        if not stage.final and not stage.then:
            move = forward_move(flow, stage.id)
            assert move is not None, stage.id
            assert move.id not in ("withdraw", "reject", "suspend", "take_back"), stage.id
