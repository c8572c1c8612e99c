"""Invariant 9: the database of every release still opens, migrates, moves and verifies."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsa.persistence import migrating
from dsa.persistence.session import Database
from dsa.services.context import Context
from dsa.timekeeping.clock import SimulatedClock
from tests.engine.town import BEGAN, Shelf, Stamp, Tokens, Town, form_taken_as_complete

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
RELEASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
ONWARD = {
    "start": "first_look",
    "first_look": "drafting",
    "drafting": "text_agreed",  # where every approval stands, nobody is asked again
    "check_draft": "review",
    "review": "text_agreed",
    "board": "text_agreed",
    "text_agreed": "sign_off",
}


@pytest.fixture(params=RELEASES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Town, dict[str, str]]]:
    """The town of a release's golden database, migrated to this release, and where its agreements stand."""
    folder, path = GOLDEN / request.param, tmp_path / "dsa.sqlite3"
    path.write_bytes(gzip.decompress((folder / "dsa.sqlite3.gz").read_bytes()))
    database = Database(f"sqlite:///{path}")
    migrating.upgrade(database)
    clock = SimulatedClock(BEGAN.replace(year=2027))
    ctx = Context(database=database, clock=clock, chance=_Later(), files=Shelf(), documents=Stamp(), simulated=True)
    town = Town(ctx, clock, ("AAA", "AAB", "AAC"))
    with database.reading() as session:
        from sqlalchemy import text

        rows = session.execute(
            text(
                "SELECT o.code, p.role, a.person_id FROM posts p JOIN organisations o ON o.id = p.organisation_id "
                "JOIN appointments a ON a.post_id = p.id"
            )
        )
        town.people.update({(row.code, row.role): row.person_id for row in rows})
    with form_taken_as_complete(town):
        yield town, json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    database.close()


class _Later(Tokens):
    def token(self) -> str:
        return "f" + super().token()[1:]


def test_there_is_a_golden_database_of_this_release() -> None:
    from dsa import __version__

    assert __version__ in RELEASES, "run: python tools/make_golden.py"


def test_every_agreement_stands_where_it_stood_and_its_history_is_whole(opened: tuple[Town, dict[str, str]]) -> None:
    town, expected = opened
    assert {reference: town.stage(reference) for reference in expected} == expected
    assert {reference: town.problems(reference) for reference in expected} == dict.fromkeys(expected, ())


def test_every_agreement_can_still_go_on(opened: tuple[Town, dict[str, str]]) -> None:
    town, expected = opened
    for reference, stage in expected.items():
        if stage in ONWARD:
            town.bring_to(reference, ONWARD[stage])
        assert town.problems(reference) == ()
    assert town.stage(town.bring_to(town.start(), "in_use")) == "in_use", "and new ones begin beside them"


def test_its_history_is_still_append_only(opened: tuple[Town, dict[str, str]]) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    town, _ = opened
    with pytest.raises(DBAPIError), town.ctx.database.writing() as session:
        session.execute(text("UPDATE events SET kind = 'x'"))
