"""The joint timetable: proposed, accepted by all, moved by all or by none; every slip has a reason and an owner."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from dsa.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Problem, Refused
from dsa.persistence import timetables
from dsa.persistence.models import Mail, TimetableAsked, TimetableDay
from dsa.services import lists, timetable_page, timetabling, verifying
from dsa.services.first_look import ask_first_look
from dsa.services.reviewing import Verdict, decide_task
from dsa.services.timetabling import Answer
from dsa.timekeeping.calendar import calendar_for
from tests.engine.town import Town


def begun(town: Town, *codes: str) -> str:
    """An agreement in the first look, with the timetable that its lead proposes."""
    reference = town.start(*codes)
    ask_first_look(town.ctx, town.actor("AAA", "drafter"), reference, seen=town.seen(reference))
    return reference


def stored(town: Town, reference: str) -> Any:
    with town.ctx.database.reading() as session:
        return timetables.load(session, town.loaded(reference).head.id)


def shown(town: Town, reference: str, code: str = "AAA") -> timetable_page.TimetableShown:
    return timetable_page.timetable_page(town.ctx, town.actor(code, "drafter"), reference).shown


def accept(town: Town, reference: str, code: str) -> None:
    pending = stored(town, reference).pending
    timetabling.accept(town.ctx, town.actor(code, "information_governance"), reference, pending.seq)


def change(town: Town, reference: str, who: str, later: int, **more: Any) -> int:
    """``who`` asks that the last day be so many days later; returns the event."""
    last = stored(town, reference).days["preparing"].agreed_on
    day = last + timedelta(days=later)
    given = {"code": "DATA_SPEC", "owner": who, **more}
    return timetabling.propose_change(
        town.ctx, town.actor(who, "drafter"), reference, {"preparing": day}, **given
    ).seq  # fmt: skip


def test_the_lead_proposes_with_the_first_look_days_on_which_every_party_works(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    (proposal,) = stored(town, reference).proposals
    assert (proposal.party, proposal.change, proposal.status) == ("aaa", False, "open")
    order = ("first_look", "drafting", "check_draft", "review", "text_agreed", "sign_off", "signed", "preparing")
    assert set(order) == set(proposal.dates)
    days = [proposal.dates[stage] for stage in order]
    assert days == sorted(days)
    for nation in ("ENG", "SCT"):
        assert all(calendar_for(nation).is_working_day(day) for day in proposal.dates.values())
    assert town.problems(reference) == ()


def test_it_binds_once_every_signing_party_has_accepted_and_not_before(town: Town) -> None:
    reference = begun(town, *town.codes[:3])
    accept(town, reference, "AAB")
    assert not stored(town, reference).binds
    assert shown(town, reference).pending.waits_for == ("Body AAC",)  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        timetabling.accept(town.ctx, town.actor("AAB", "drafter"), reference, stored(town, reference).proposals[0].seq)
    accept(town, reference, "AAC")
    after = stored(town, reference)
    assert after.binds
    assert after.pending is None
    assert {stage: day.agreed_on for stage, day in after.days.items()} == dict(after.proposals[0].dates)
    assert town.problems(reference) == ()


def test_a_party_accepts_or_proposes_other_dates_in_its_first_look(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    (proposal,) = stored(town, reference).proposals
    later = {stage: day + timedelta(days=14) for stage, day in proposal.dates.items()}
    answer = Answer(proposal.seq, instead=later)
    actor = town.actor("AAB", "information_governance")
    decide_task(
        town.ctx, actor, reference, "in_principle:aab", Verdict("yes", timetable=answer), seen=town.seen(reference)
    )
    assert town.stage(reference) == "drafting"
    first, second = stored(town, reference).proposals
    assert (first.status, second.status, second.party, second.accepted) == ("replaced", "open", "aab", ("aab",))
    accept(town, reference, "AAA")
    assert stored(town, reference).days["drafting"].agreed_on == later["drafting"]
    assert town.problems(reference) == ()


def test_neither_side_moves_a_date_alone(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    accept(town, reference, "AAB")
    before = stored(town, reference).days
    for code in ("AAA", "AAB"):
        with pytest.raises(Refused, match="binds already"):
            timetabling.propose(
                town.ctx, town.actor(code, "drafter"), reference, dict(stored(town, reference).proposals[0].dates)
            )
    seq = change(town, reference, "AAB", 28)
    assert stored(town, reference).days == before
    for actor in (town.actor("AAB", "drafter"), town.actor("AAB", "information_governance")):
        with pytest.raises(Conflict):
            timetabling.accept(town.ctx, actor, reference, seq)
    assert stored(town, reference).days == before
    for code in ("AAA", "AAB"):
        assert shown(town, reference, code).pending.waits_for == ("Body AAA",)  # type: ignore[union-attr]
    accept(town, reference, "AAA")
    moved = stored(town, reference).days["preparing"]
    assert (moved.agreed_on - moved.first_on).days == 28
    stage, slip = next(iter(shown(town, reference).slips))
    assert (stage.id, slip.reason, slip.owner, slip.given) == ("preparing", "data not as thought", "Body AAB", True)
    assert town.problems(reference) == ()


def test_a_change_that_is_refused_or_taken_back_leaves_what_was_agreed(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    accept(town, reference, "AAB")
    before = stored(town, reference).days
    seq = change(town, reference, "AAA", 14)
    other, own = town.actor("AAB", "accountable"), town.actor("AAA", "drafter")
    with pytest.raises(BadInput, match="Say why"):
        timetabling.refuse_change(town.ctx, other, reference, seq, " ")
    timetabling.refuse_change(town.ctx, other, reference, seq, "The data is needed by then.")
    second = change(town, reference, "AAA", 7)
    timetabling.refuse_change(town.ctx, own, reference, second, "")
    after = stored(town, reference)
    assert [each.status for each in after.proposals] == ["agreed", "refused", "withdrawn"]
    assert after.days == before
    with pytest.raises(Conflict, match="settled already"):
        timetabling.accept(town.ctx, other, reference, second)
    assert town.problems(reference) == ()


def test_lack_of_capacity_is_the_asking_partys_own_and_a_reason_is_needed(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    accept(town, reference, "AAB")
    for wrong in ({"code": "RESOURCE", "owner": "AAB"}, {"code": "reviewing"}, {"code": ""}, {"owner": "Nobody"}):
        with pytest.raises(BadInput):
            change(town, reference, "AAA", 14, **wrong)
    with pytest.raises(BadInput, match="at least one"):
        change(town, reference, "AAA", 0)
    change(town, reference, "AAA", 14, code="RESOURCE", owner="AAA")


def test_days_that_cannot_be_are_refused_by_the_name_of_their_stage(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    good = dict(stored(town, reference).proposals[0].dates)
    actor = town.actor("AAB", "drafter")
    seq = stored(town, reference).proposals[0].seq
    christmas = {**good, "preparing": date(2028, 12, 25)}
    for dates, says in (
        ({**good, "drafting": date(2020, 1, 6)}, "“Drafting” is in the past"),
        ({**good, "review": good["first_look"]}, "“Review” cannot end before “Check the draft”"),
        ({**good, "preparing": date(2036, 1, 7)}, "more than five years off"),
        (christmas, "“Preparing” is not a working day of Body"),
        ({stage: day for stage, day in good.items() if stage != "review"}, "Give a day for the stage “Review”"),
        ({**good, "in_use": good["preparing"]}, "This stage has ended, or the workflow does not have it"),
    ):
        with pytest.raises(BadInput, match=says):
            timetabling.propose(town.ctx, actor, reference, dates, seen_proposal=seq)
    with pytest.raises(Conflict):
        timetabling.propose(town.ctx, actor, reference, good, seen_proposal=None)


def test_only_posts_of_signing_parties_have_a_say_and_strangers_see_nothing(town: Town) -> None:
    reference = begun(town, "AAA", "AAB")
    seq = stored(town, reference).proposals[0].seq
    for role in ("legal", "signatory", "operational"):
        with pytest.raises(NotAllowed):
            timetabling.accept(town.ctx, town.actor("AAB", role), reference, seq)
    with pytest.raises(NotFound):
        timetabling.accept(town.ctx, town.actor("AAC", "drafter"), reference, seq)
    with pytest.raises(NotFound):
        timetable_page.timetable_page(town.ctx, town.actor("AAC", "drafter"), reference)


def test_the_lead_proposes_first(small_town: Town) -> None:
    reference = small_town.start("AAA", "AAB")
    dates = timetable_page.timetable_page(small_town.ctx, small_town.actor("AAA", "drafter"), reference).dates
    days = {stage: day for stage, _, day in dates if day is not None}
    with pytest.raises(Problem):
        timetabling.propose(small_town.ctx, small_town.actor("AAB", "drafter"), reference, days)
    timetabling.propose(small_town.ctx, small_town.actor("AAA", "drafter"), reference, days)
    ask_first_look(small_town.ctx, small_town.actor("AAA", "drafter"), reference, seen=small_town.seen(reference))
    assert len(stored(small_town, reference).proposals) == 1


def test_a_stage_that_ends_late_says_whose_the_time_was_and_that_no_reason_was_given(small_town: Town) -> None:
    town = small_town
    reference = begun(town, "AAA", "AAB")
    accept(town, reference, "AAB")
    town.decide(reference, "in_principle:aab")
    agreed = stored(town, reference).days["drafting"].agreed_on
    town.clock.advance_to(_morning_after(town, agreed, 11))
    (stage, slip), *_ = [each for each in shown(town, reference).slips if each[0].id == "drafting"]
    assert slip == timetable_page.Slip(slip.days, True, "not given", "Body AAA", given=False, party="AAA")
    assert slip.days == calendar_for("ENG").working_days(agreed, town.clock.now().date())
    town.move(reference, "submit")
    (stage, slip), *_ = [each for each in shown(town, reference).slips if each[0].id == "drafting"]
    assert not slip.running
    assert stage.ended_on == town.clock.now().date()
    checked = next(slip for each, slip in shown(town, reference).slips if each.id == "check_draft")
    assert checked.owner == "Body AAA"


def _morning_after(town: Town, day: date, days: int) -> Any:
    return town.clock.now() + (day + timedelta(days=days) - town.clock.now().date())


def test_a_row_that_was_altered_is_found_by_verification(small_town: Town) -> None:
    reference = begun(small_town, "AAA", "AAB")
    accept(small_town, reference, "AAB")
    assert verifying.verify_history(small_town.ctx, reference) == ()
    with small_town.ctx.database.writing() as session:
        session.execute(update(TimetableDay).where(TimetableDay.stage == "drafting").values(agreed_on=date(2031, 3, 3)))
    assert [each.says for each in verifying.verify_history(small_town.ctx, reference)] == [
        "The timetable is not what the events say."
    ]


def asked_in_my_tasks(town: Town, code: str, role: str = "drafter") -> list[str]:
    page = lists.my_tasks(town.ctx, town.actor(code, role))
    return [each.url for each in (*page.overdue, *page.week, *page.later) if each.what == "Answer the proposed dates"]


def told(town: Town) -> list[str]:
    town.carry_out()
    with town.ctx.database.reading() as session:
        mails = session.execute(select(Mail.subject, Mail.address).order_by(Mail.id)).all()
    return [mail.address for mail in mails if mail.subject.startswith("Answer the dates")]


def test_a_proposal_waits_in_my_tasks_of_who_is_to_answer_and_by_mail_until_it_is_answered(town: Town) -> None:
    reference = begun(town, "AAA", "AAB", "AAC")
    # the dates go with the first look, which is a task and a mail of its own
    assert asked_in_my_tasks(town, "AAB") == []
    assert told(town) == []
    answer = Answer(stored(town, reference).pending.seq)
    for code in ("AAB", "AAC"):
        town.decide(reference, f"in_principle:{code.lower()}", "yes", timetable=answer if code == "AAB" else None)
    assert asked_in_my_tasks(town, "AAC") == [f"/agreements/{reference}/timetable"]
    assert asked_in_my_tasks(town, "AAC", "accountable") == [f"/agreements/{reference}/timetable"]
    assert asked_in_my_tasks(town, "AAC", "legal") == []
    assert asked_in_my_tasks(town, "AAB") == asked_in_my_tasks(town, "AAA") == []
    accept(town, reference, "AAC")
    assert asked_in_my_tasks(town, "AAC") == []
    assert told(town) == []
    change(town, reference, "AAB", 7, owner="AAB")
    assert asked_in_my_tasks(town, "AAA") == asked_in_my_tasks(town, "AAC") == [f"/agreements/{reference}/timetable"]
    assert len(told(town)) == 2
    assert verifying.verify_history(town.ctx, reference) == ()


def test_a_party_that_is_crossed_out_of_the_list_of_who_answers_is_found_by_verification(small_town: Town) -> None:
    reference = begun(small_town, "AAA", "AAB")
    with small_town.ctx.database.writing() as session:
        session.execute(delete(TimetableAsked))
    assert [each.says for each in verifying.verify_history(small_town.ctx, reference)] == [
        "Who is to answer the timetable is not what the events say."
    ]
