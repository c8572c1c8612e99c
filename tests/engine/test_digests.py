"""The daily digest and what people choose to be told: once a working day, nothing twice, signatures always told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dsa.domain.errors import BadInput
from dsa.persistence import outbox
from dsa.services import digesting, noticing, notifying, reminding
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.clock import SimulatedClock
from tests.engine.town import Town

ENGLAND = calendar_for("ENG")


def choose(town: Town, person: int, **choices: str) -> None:
    actor = next(town.actor(code, role) for (code, role), known in town.people.items() if known == person)
    noticing.choose(town.ctx, actor, dict.fromkeys(noticing.KINDS, noticing.NOW) | choices)


def mails_to(town: Town, person: int) -> list[Any]:
    town.carry_out()
    with town.ctx.database.reading() as session:
        return list(reversed(outbox.mails(session, person_id=person, limit=1000)))


def everything_in_the_digest(town: Town, *roles: str) -> None:
    for code in town.codes:
        for role in roles:
            choose(town, town.people[code, role], **dict.fromkeys(noticing.KINDS, noticing.DIGEST))


def test_what_is_for_the_digest_comes_in_one_mail_on_the_next_working_day(town: Town) -> None:
    everything_in_the_digest(town, "legal")
    person = town.people["AAA", "legal"]
    first = town.bring_to(town.start("AAA", "AAB"), "review")
    second = town.bring_to(town.start("AAA", "AAB"), "review")
    assert mails_to(town, person) == []
    assert digesting.digest(town.ctx) == 2, "both legal advisers have one"
    (mail,) = mails_to(town, person)
    assert mail.subject.startswith("Your day: ")
    assert mail.link == "/tasks"
    for reference in (first, second):
        assert f"{town.ctx.base_url}/agreements/{reference}/tasks/legal:aaa" in mail.body
        assert "Travel counts" not in mail.body, "nothing of the content"
    assert "\n- Review " in mail.body, "each line begins with a verb"


def test_a_second_run_another_worker_and_a_clock_that_goes_back_write_no_second_digest(town: Town) -> None:
    everything_in_the_digest(town, "legal")
    person = town.people["AAA", "legal"]
    town.bring_to(town.start("AAA", "AAB"), "review")
    town.carry_out()
    digesting.digest(town.ctx)
    assert digesting.digest(town.ctx) == 0
    later = town.start("AAA", "AAB")
    town.bring_to(later, "review")
    town.carry_out()
    assert digesting.digest(town.ctx) == 0, "what came after today's waits for tomorrow's"
    back = SimulatedClock(town.clock.now() - timedelta(hours=1))
    assert digesting.digest(_with_clock(town, back)) == 0
    town.clock.advance_working(ENGLAND, days=1)
    assert digesting.digest(town.ctx) > 0
    assert len(mails_to(town, person)) == 2
    assert later in mails_to(town, person)[-1].body


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 7, 10, tzinfo=UTC),  # Saturday
        datetime(2026, 12, 25, 10, tzinfo=UTC),
        datetime(2026, 11, 3, 8, 59, tzinfo=UTC),  # before the office opens
        datetime(2026, 11, 3, 17, tzinfo=UTC),
        datetime(2027, 7, 1, 7, 59, tzinfo=UTC),  # 8:59 in London's summer
    ],
)
def test_no_digest_is_written_while_the_office_is_closed(small_town: Town, at: datetime) -> None:
    everything_in_the_digest(small_town, "legal")
    small_town.bring_to(small_town.start("AAA", "AAB"), "review")
    small_town.carry_out()
    assert digesting.digest(_with_clock(small_town, SimulatedClock(at))) == 0


def test_what_was_done_meanwhile_is_left_out_and_an_empty_digest_is_not_written(town: Town) -> None:
    everything_in_the_digest(town, "legal")
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    town.carry_out()
    town.decide(reference, "legal:aaa")
    assert digesting.digest(town.ctx) == 1, "the other side's adviser only"
    assert mails_to(town, town.people["AAA", "legal"]) == []


def test_reminders_of_one_thing_are_one_line(town: Town) -> None:
    everything_in_the_digest(town, "legal")
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    person = town.people["AAA", "legal"]
    town.carry_out()
    town.clock.advance_working(ENGLAND, days=9)
    reminding.remind(town.ctx)
    town.carry_out()
    digesting.digest(town.ctx)
    (mail,) = mails_to(town, person)
    assert mail.body.count(f"/agreements/{reference}/tasks/legal:aaa") == 1
    assert mail.subject == "Your day: 1 thing to do"


def test_never_means_never_but_for_signatures_and_escalation(town: Town) -> None:
    for code in town.codes:
        for role in ("legal", "signatory", "accountable", "data_owner", "data_protection", "security"):
            choices = {kind: noticing.NEVER for kind in noticing.KINDS if kind not in noticing.ALWAYS_TOLD}
            choose(town, town.people[code, role], **choices)
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    assert mails_to(town, town.people["AAA", "legal"]) == []
    town.bring_to(reference, "sign_off")
    town.carry_out()
    assert len(mails_to(town, town.people["AAA", "signatory"])) == 1
    town.clock.advance_working(ENGLAND, days=40)
    reminding.remind(town.ctx)
    everybody = [mails_to(town, person) for (code, _), person in town.people.items() if code == "AAA"]
    above = [mail.subject for mails in everybody for mail in mails]
    assert any(subject.startswith("Overdue with your organisation") for subject in above)


@pytest.mark.parametrize("kind", sorted(noticing.ALWAYS_TOLD))
def test_a_signature_and_escalation_cannot_be_switched_off(small_town: Town, kind: str) -> None:
    actor = small_town.actor("AAA", "signatory")
    with pytest.raises(BadInput):
        noticing.choose(small_town.ctx, actor, dict.fromkeys(noticing.KINDS, noticing.NOW) | {kind: noticing.NEVER})
    assert noticing.choice_of({kind: noticing.NEVER}, kind) == noticing.NOW, "whatever the row says"


def test_a_row_that_is_carried_out_twice_tells_nobody_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_in_the_digest(town, "legal")
    town.bring_to(town.start("AAA", "AAB"), "review")
    with monkeypatch.context() as dying:
        dying.setattr(outbox, "done", lambda *_args, **_more: False)  # a worker that dies before it says so
        notifying.carry_out(town.ctx, limit=500)
    town.clock.advance(60)
    town.carry_out()
    with town.ctx.database.reading() as session:
        told = [(mail.name, mail.subject) for mail in outbox.mails(session, limit=1000)]
    assert len(told) == len(set(told))
    town.clock.advance_working(ENGLAND, days=1)
    digesting.digest(town.ctx)
    (mail,) = mails_to(town, town.people["AAA", "legal"])
    assert mail.body.count("/tasks/legal:aaa") == 1


def _with_clock(town: Town, clock: SimulatedClock) -> Any:
    from dataclasses import replace

    return replace(town.ctx, clock=clock)
