"""A large world: lived in parts at once it is the very world that the services live step by step."""

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dsa.composition import open_context, publish_definitions
from dsa.config import Settings
from dsa.demo import filling, filling_large, large
from dsa.demo.history import ASKED_BY, change_of
from dsa.demo.remembering import RememberingJudge
from dsa.domain.checking import judge
from dsa.domain.errors import BadInput
from dsa.domain.reasons import DELAYS
from dsa.insight.synthetic import PERIOD
from dsa.persistence import migrating
from dsa.persistence.models import Base
from dsa.persistence.session import Database
from dsa.services.context import Context
from dsa.services.verifying import verify_history
from dsa.timekeeping.calendar import calendar_for
from tests.form.samples import bodies, form

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
AGREEMENTS, SEED = 24, 5
_MADE_AT = {"definitions": ("published_at",), "settings": ()}  # when it was made, by the machine's clock


def the_plan(agreements: int = AGREEMENTS, seed: int = SEED, era: str = "both") -> large.Plan:
    return large.plan(agreements, seed=seed, era=era, now=NOW)


def silent(_: str) -> None:
    """Say nothing."""


def every_row(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [f'"{c.name}"' for c in table.c if c.name not in _MADE_AT.get(table.name, ())]
            key = ", ".join(str(number) for number in range(1, len(columns) + 1))
            rows = connection.execute(text(f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {key}"))
            found[table.name] = [tuple(row) for row in rows]
    return found


@dataclass(frozen=True)
class InTurn:
    """The world as the services lived it, in an SQLite file."""

    database: Database
    rows: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InTurn]:
    directory = tmp_path_factory.mktemp("in-turn")
    database = Database(f"sqlite:///{directory}/dsa.sqlite3", synchronous="OFF")
    fill_in_turn(directory, database)
    yield InTurn(database, every_row(database))
    database.close()


def fill_in_turn(directory: Path, database: Database) -> None:
    ctx = open_context(Settings(data_dir=directory, demo=True), database=database)
    migrating.upgrade(database)
    publish_definitions(ctx)
    filling_large.fill_in_turn(ctx, the_plan(), era="both", says=silent)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "PART", 15)


def fill_in_parts(directory: Path, target: Path | Database) -> None:
    settings = Settings(data_dir=directory, demo=True)
    filling_large.fill_in_parts(settings, target, the_plan(), era="both", processes=2, says=silent)


@pytest.mark.usefixtures("small_parts")
def test_on_sqlite_the_parts_are_row_for_row_the_world_that_the_services_live(in_turn: InTurn, tmp_path: Path) -> None:
    target = tmp_path / "large.sqlite3"
    fill_in_parts(tmp_path, target)
    database = Database(f"sqlite:///{target}")
    found = every_row(database)
    assert {name: len(rows) for name, rows in found.items()} == {n: len(rows) for n, rows in in_turn.rows.items()}
    assert [name for name, rows in in_turn.rows.items() if found[name] != rows] == []
    with closing(sqlite3.connect(target)) as made:
        assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert made.execute("PRAGMA foreign_key_check").fetchall() == []
    assert schema_of(target) == schema_of(Path(in_turn.database.engine.url.database or ""))
    assert list((tmp_path / "filling.parts").glob("*")) == []
    database.close()


def schema_of(path: Path) -> list[tuple[str, ...]]:
    """Every table, index and trigger; a migration may name the constraints of a table in any order."""
    with closing(sqlite3.connect(path)) as made:
        rows = made.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    return [(kind, name, "" if kind == "table" else sql) for kind, name, sql in rows]


def plain(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[str, ...]]]:
    """Rows as both databases say them: a truth value is 1 or 0, a date is its text."""
    return {
        name: sorted(tuple(str(int(v)) if isinstance(v, bool) else str(v) for v in row) for row in found)
        for name, found in rows.items()
    }


def test_on_postgresql_the_services_live_the_same_world(
    in_turn: InTurn, postgres_database: Database, tmp_path: Path
) -> None:
    fill_in_turn(tmp_path, postgres_database)
    found, wanted = plain(every_row(postgres_database)), plain(in_turn.rows)
    assert [name for name in wanted if found[name] != wanted[name]] == []


@pytest.mark.usefixtures("small_parts")
def test_on_postgresql_the_parts_are_the_same_world_too_and_numbers_go_on_after_it(
    in_turn: InTurn, postgres_database: Database, tmp_path: Path
) -> None:
    fill_in_parts(tmp_path, postgres_database)
    found, wanted = plain(every_row(postgres_database)), plain(in_turn.rows)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    with postgres_database.writing() as session:
        for table in Base.metadata.sorted_tables:
            if "id" in table.c and table.c.id.type.python_type is int:
                highest = session.scalar(text(f"SELECT coalesce(max(id), 0) FROM {table.name}"))
                following = session.scalar(text(f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id'))"))
                assert following == highest + 1, table.name


@pytest.mark.usefixtures("small_parts")
def test_what_breaks_in_the_middle_leaves_nothing_behind(
    postgres_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(work: Sequence[large.Part], *, processes: int) -> Iterator[Path]:
        yield large.live_part(work[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(large, "lived", broken)
    with pytest.raises(KeyboardInterrupt):
        fill_in_parts(tmp_path, postgres_database)
    with postgres_database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM agreements")) == 0
        assert session.scalar(text("SELECT count(*) FROM organisations")) == 0
    settings = Settings(data_dir=tmp_path, demo=True)
    monkeypatch.setattr(filling, "LIVED_IN_TURN", 0)
    with pytest.raises(KeyboardInterrupt):
        filling.fill_if_empty(settings, filling.Wanted(AGREEMENTS, SEED, "both"))
    assert not (tmp_path / "dsa.sqlite3").exists()
    monkeypatch.undo()
    assert filling.fill_if_empty(settings, filling.Wanted(3, SEED, "after"))
    assert not filling.fill_if_empty(settings, filling.Wanted(3, SEED, "after"))
    assert sorted(path.name for path in tmp_path.glob("filling*")) == []


@pytest.fixture
def ctx(in_turn: InTurn, tmp_path: Path) -> Context:
    return open_context(Settings(data_dir=tmp_path, demo=True), database=in_turn.database)


def test_every_history_is_borne_out_by_its_events(ctx: Context) -> None:
    with ctx.database.reading() as session:
        references = list(session.scalars(text("SELECT reference FROM agreements ORDER BY id")))
    assert len(references) == AGREEMENTS
    assert {ref: found for ref in references if (found := verify_history(ctx, ref))} == {}


def test_an_event_lies_in_the_office_hours_of_whoever_acts_and_none_after_now(ctx: Context) -> None:
    with ctx.database.reading() as session:
        acted = session.execute(
            text(
                "SELECT DISTINCT e.happened_at, o.nation FROM events e JOIN organisations o ON o.id = e.organisation_id"
            )
        ).all()
    for at, nation in acted:
        moment = datetime.fromtimestamp(at, UTC)
        assert moment <= NOW
        # within the office hours of the one who acts, or at the moment of whoever acted just before
        assert any(calendar_for(each).next_opening(moment) == moment for each in {nation, "ENG", "SCT", "NIR"})


def test_everything_is_marked_synthetic_and_simulated(ctx: Context) -> None:
    with ctx.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM agreements WHERE NOT is_synthetic OR NOT is_example")) == 0
        bodies = session.scalars(text("SELECT body FROM events")).all()
    assert all(json.loads(body)["simulated"] for body in bodies)


def test_an_agreement_takes_as_long_as_the_model_says(ctx: Context) -> None:
    """So the statistics of the model are those of the world."""
    period, lines = the_plan().period, the_plan().lines
    with ctx.database.reading() as session:
        last = dict(
            session.execute(text("SELECT agreement_id, max(signed_at) FROM signatures GROUP BY agreement_id")).all()
        )
    signed = [line for line in lines if max(line.signatures) <= PERIOD]
    assert len(signed) > AGREEMENTS / 2
    for line in signed:
        at = datetime.fromtimestamp(last[line.number + 1], UTC)
        days = period.calendar.working_minutes(period.starts, at) / 480
        assert days == pytest.approx(max(line.signatures), abs=4)  # the signatory's bank holidays are not England's
        assert days >= max(line.signatures) - 0.01


def test_the_reviews_come_in_as_the_model_has_them_and_so_do_holds_and_returns(ctx: Context) -> None:
    lines = the_plan().lines
    with ctx.database.reading() as session:
        held = session.execute(text("SELECT agreement_id, code FROM holds")).all()
        returned = dict(session.execute(text("SELECT id, round FROM agreements")).all())
    known = {line.number + 1: line for line in lines}
    assert held
    assert all(known[number].hold_code == code for number, code in held)
    finished = [line for line in lines if max(line.signatures) <= PERIOD]
    assert {returned[line.number + 1] == len(line.rounds) for line in finished} == {True}
    assert any(len(line.rounds) > 1 for line in finished)


def test_drafts_come_back_for_every_reason_for_which_one_can_the_usual_ones_most_often(ctx: Context) -> None:
    """Not for capacity, a board or a signature: those hold an agreement up, and send nothing back."""
    can = {reason.code for reason in DELAYS} - {"RESOURCE", "BOARD", "SIGN"}
    chance, given = random.Random(1), Counter[str]()
    for role, asks in ASKED_BY.items():
        of_role = Counter(change_of(role, asks[0], chance).code for _ in range(400))
        assert of_role.most_common(1)[0][1] < 300
        given += of_role
    assert set(given) == can
    assert min(given.values()) > 20
    with ctx.database.reading() as session:
        in_world = set(session.scalars(text("SELECT reason_code FROM change_requests")))
    assert len(in_world) > 3
    assert in_world <= can


def test_the_judge_that_remembers_says_what_the_judge_says() -> None:
    """Whatever the theme, the bodies, their number and the day, nothing of the demonstration is stopped."""
    remembers, known = RememberingJudge(), the_plan(1_500, 9).lines
    seen: Counter[tuple[str, int]] = Counter()
    for line in known:
        kind = (line.theme.title, len(line.bodies))
        seen[kind] += 1
        if seen[kind] > 2:
            continue
        at = (datetime(2023, 1, 9, tzinfo=UTC) + timedelta(days=sum(seen.values()))).date()
        answers, facts = large.answers_of(line, at), {"today": at.isoformat(), "sign_off_requested": seen[kind] == 1}
        said = remembers(form(), answers, facts=facts, bodies=bodies())
        assert said.may_go_forward == judge(form(), answers, facts=facts, bodies=bodies()).may_go_forward is True
    assert len(seen) > 50


def test_the_judge_that_remembers_judges_again_where_the_text_is_another() -> None:
    remembers, line = RememberingJudge(), the_plan().lines[0]
    whole, facts = large.answers_of(line, NOW.date()), {"today": NOW.date().isoformat(), "sign_off_requested": False}
    assert remembers(form(), whole, facts=facts, bodies=bodies()).may_go_forward
    lacking = {key: value for key, value in whole.items() if key != "retention"}
    assert not remembers(form(), lacking, facts=facts, bodies=bodies()).may_go_forward
    assert remembers(form(), whole, facts=facts, bodies=bodies()).may_go_forward
    assert remembers.asked == 2


def test_a_world_of_both_eras_says_when_it_changed(ctx: Context) -> None:
    with ctx.database.reading() as session:
        made = json.loads(session.scalar(text("SELECT value FROM settings WHERE name = 'demo_world'")) or "{}")
    assert made["era"] == "both"
    changed = datetime.fromisoformat(made["changed_at"])
    assert {(the_plan().period.at(line.begins) >= changed) == line.after for line in the_plan().lines} == {True}


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert the_plan() == the_plan() != the_plan(seed=SEED + 1)


def test_an_unknown_era_is_refused() -> None:
    with pytest.raises(BadInput):
        the_plan(era="during")
