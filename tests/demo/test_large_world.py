"""A large world: lived in parts at once it is the very world that the services live step by step."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dsa.composition import open_context, publish_definitions
from dsa.config import Settings
from dsa.demo import filling_large, large
from dsa.persistence import migrating
from dsa.persistence.models import Base
from dsa.persistence.session import Database

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
AGREEMENTS, SEED = 40, 5
_MADE_AT = {"definitions": ("published_at",), "settings": ()}  # when it was made, by the machine's clock


def the_plan(agreements: int = AGREEMENTS, seed: int = SEED, era: str = "both") -> large.Plan:
    return large.plan(agreements, seed=seed, era=era, now=NOW)


def silent(_: str) -> None:
    """Say nothing."""


def every_row(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [c.name for c in table.c if c.name not in _MADE_AT.get(table.name, ())]
            key = ", ".join(str(number) for number in range(1, len(columns) + 1))
            rows = connection.execute(text(f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {key}"))  # noqa: S608
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
    with closing(sqlite3.connect(path)) as made:
        return made.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
