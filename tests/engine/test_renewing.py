"""Sealed documents are stamped again every year, once, whatever became of the agreement since."""

from datetime import timedelta

import pytest

from dsa.jobs import Relay
from dsa.persistence import history, queries_renewals, work
from dsa.persistence.session import Database
from dsa.services import notifying, renewing, sealing
from tests.engine.town import Sheet, Town, build_town, form_taken_as_complete


@pytest.fixture
def town(database: Database) -> Town:
    return build_town(database, parties=2)


def sealed(town: Town, stage: str = "in_use") -> str:
    with form_taken_as_complete(town):
        return town.bring_to(town.start(), stage)


def document(town: Town, reference: str):  # type: ignore[no-untyped-def]
    loaded = town.loaded(reference)
    with town.ctx.database.reading() as session:
        return work.document(session, loaded.head.id, loaded.head.locked_version_id)


def due(town: Town) -> int:
    with town.ctx.database.reading() as session:
        return queries_renewals.renewals(session, now=town.clock.now())[0]


def kinds(town: Town, reference: str) -> list[str]:
    with town.ctx.database.reading() as session:
        return [row.kind for row in history.events(session, town.loaded(reference).head.id)]


def pass_time(town: Town, **amount: float) -> None:
    town.clock.advance_to(town.clock.now() + timedelta(**amount))


def test_a_sealed_document_is_stamped_again_in_a_year_and_not_before(town: Town) -> None:
    reference = sealed(town)
    relay = Relay(town.ctx)
    pass_time(town, days=360)
    assert renewing.ask_for_due(town.ctx) == 0
    pass_time(town, days=10)
    assert due(town) == 1
    before = document(town, reference)
    relay.remind()
    relay.remind()
    town.carry_out()
    after = document(town, reference)
    assert (after.renewals, after.level, after.time_stamp_authority) == (1, "B-LTA", "a clock on the wall")
    files = town.ctx.files
    assert files.get(after.current_sha256) == files.get(before.current_sha256) + b"stamped again\n"
    assert after.issued_sha256 == before.issued_sha256
    assert kinds(town, reference).count("DocumentRenewed") == 1
    assert town.problems(reference) == ()
    assert due(town) == 0
    assert renewing.ask_for_due(town.ctx) == 0
    assert not renewing.renew_document(town.ctx, reference, after.id)
    pass_time(town, days=366)
    relay.remind()
    town.carry_out()
    assert document(town, reference).renewals == 2


def test_an_agreement_that_has_ended_keeps_a_document_that_can_be_proved(town: Town) -> None:
    reference = sealed(town)
    with form_taken_as_complete(town):
        for move in ("end", "record_destruction"):
            town.move(reference, move, reason="The purpose is met.")
        town.move(reference, "close")
    assert town.stage(reference) == "closed"
    pass_time(town, days=366)
    renewing.ask_for_due(town.ctx)
    town.carry_out()
    assert document(town, reference).renewals == 1
    assert town.problems(reference) == ()


def test_while_no_stamp_can_be_had_the_document_stays_and_it_is_tried_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = sealed(town)
    pass_time(town, days=366)
    renewing.ask_for_due(town.ctx)
    before = document(town, reference)

    def down(_data: bytes) -> Sheet:
        raise OSError("no stamp today")

    with monkeypatch.context() as while_down:
        while_down.setattr(town.ctx.documents, "refresh", down)
        assert notifying.carry_out(town.ctx) == 0
    waiting = document(town, reference)
    assert (waiting.current_sha256, waiting.problem) == (before.current_sha256, "no stamp today")
    pass_time(town, minutes=2)
    town.carry_out()
    assert (document(town, reference).renewals, document(town, reference).problem) == (1, None)


def test_it_is_stamped_again_well_before_the_certificate_of_the_stamp_expires(town: Town) -> None:
    now = town.clock.now()
    made = Sheet(b"", level="B-LTA", stamp_expires=now + timedelta(days=200))
    assert sealing.renew_by(made, at=now) == now + timedelta(days=140)
    assert sealing.renew_by(Sheet(b"", level="B-LTA"), at=now) == now + timedelta(days=365)
    assert sealing.renew_by(Sheet(b"", level="deferred"), at=now) is None
