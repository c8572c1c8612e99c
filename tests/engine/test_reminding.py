"""Reminders and escalation at the points of the workflow file; reviews that run side by side."""

from datetime import timedelta

import pytest

from dsa.domain.errors import Conflict
from dsa.persistence import outbox
from dsa.services import drafting, holding, notifying, reminding, reviewing
from dsa.services.reviewing import Change, Verdict
from dsa.timekeeping.calendar import calendar_for
from tests.engine.town import Town

ENGLAND = calendar_for("ENG")


def subjects(town: Town) -> list[str]:
    notifying.carry_out(town.ctx, limit=1000)
    with town.ctx.database.reading() as session:
        return [mail.subject for mail in reversed(outbox.mails(session, limit=1000))]


def new_subjects(town: Town, before: list[str]) -> list[str]:
    return subjects(town)[len(before) :]


def test_a_task_is_reminded_before_it_is_due_and_told_when_it_is_overdue_and_then_escalated(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    town.bring_to(reference, "check_draft")
    known = subjects(town)
    seen: list[str] = []
    for _ in range(14):
        town.clock.advance_working(ENGLAND, days=1)
        reminding.remind(town.ctx)
        new = new_subjects(town, known)
        known += new
        seen += [subject.split(":")[0] for subject in new]
    assert seen == ["Reminder", "Overdue", "Overdue", "Overdue with your organisation"]


def test_a_point_is_told_once_and_points_that_passed_unseen_are_not_told_late(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    town.bring_to(reference, "check_draft")
    known = subjects(town)
    town.clock.advance_working(ENGLAND, days=30)
    assert reminding.remind(town.ctx) == 1
    assert reminding.remind(town.ctx) == 0
    assert [s.split(":")[0] for s in new_subjects(town, known)] == ["Overdue with your organisation"]


def test_nobody_is_reminded_of_a_task_while_the_agreement_is_on_hold(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    town.bring_to(reference, "check_draft")
    until = (town.clock.now() + timedelta(days=90)).date()
    holding.begin_hold(
        town.ctx, town.actor("AAA", "drafter"), reference, code="DPIA", awaited="AAB", outside=False, until=until,
        seen=None,
    )  # fmt: skip
    town.clock.advance_working(ENGLAND, days=30)
    assert reminding.remind(town.ctx) == 0


def test_two_reviewers_who_decide_at_the_same_time_do_not_stand_in_each_others_way(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    town.bring_to(reference, "review")
    seen = town.seen(reference)
    for key in ("legal:aaa", "security:aab", "legal:aab"):
        reviewing.decide_task(town.ctx, town.holder(key, reference), reference, key, Verdict("approved"), seen=seen)
    assert {"legal:aaa", "legal:aab", "security:aab"}.isdisjoint(town.open_tasks(reference))


def test_a_decision_on_a_page_from_the_round_before_is_a_conflict(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    town.bring_to(reference, "review")
    seen = town.seen(reference)
    blocked = Verdict("blocker", changes=(Change("data", "Name the source of each item."),))
    reviewing.decide_task(town.ctx, town.holder("legal:aaa", reference), reference, "legal:aaa", blocked, seen=seen)
    drafting.respond(town.ctx, town.actor("AAA", "drafter"), reference, 1, "Done.")
    town.bring_to(reference, "review")
    with pytest.raises(Conflict):
        reviewing.decide_task(
            town.ctx, town.holder("security:aab", reference), reference, "security:aab", Verdict("approved"), seen=seen
        )


def test_a_question_tells_the_drafter_and_its_answer_tells_the_reviewer(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    town.bring_to(reference, "review")
    known = subjects(town)
    reviewer = town.holder("legal:aab", reference)
    reviewing.ask_question(town.ctx, reviewer, reference, "legal:aab", "Which power?", seen=None)
    asked = new_subjects(town, known)
    assert [subject.split(" about ")[0] for subject in asked] == ["Answer a reviewer's question"]
    reviewing.answer_question(town.ctx, town.actor("AAA", "drafter"), reference, 1, "Section 56.")
    answered = new_subjects(town, known + asked)
    assert [subject.split(":")[0] for subject in answered] == ["Your question is answered"]
