"""A thousand random changes to history, one at a time, by somebody who holds the whole database: each is found."""

import random
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dsa.persistence.session import Database
from dsa.services import audit_checking, audit_log
from dsa.services.context import Context
from tests.engine.test_audit_log import newest, with_log
from tests.engine.town import Town, build_town, form_taken_as_complete

# table -> the columns that history rests on (a checkpoint's number is only its place in the list)
HISTORY = {
    "events": ("seq", "kind", "happened_at", "recorded_at", "person_id", "organisation_id", "body", "prev", "hash"),
    "audit_leaves": ("idx", "agreement_id", "seq", "hash"),
    "audit_nodes": ("level", "idx", "hash"),
    "checkpoints": ("size", "root", "at", "note"),
    "versions": ("hash", "content"),
}
HOW = ("change", "delete", "exchange", "add")


def problems(ctx: Context, held: str) -> list[str]:
    """Everything that `dsa audit verify --checkpoint` would say."""
    found = list(audit_checking.check_log(ctx, held=[held]).problems)
    try:
        return found + [says for _, told in audit_checking.check_histories(ctx) for says in told]
    except Exception as broken:  # a history that cannot even be replayed is found as well
        return [*found, repr(broken)]


def other(value: Any, chance: random.Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, int):
        return value + chance.choice((-3, -2, -1, 1, 2, 3))
    at = chance.randrange(len(value))
    return value[:at] + chance.choice([c for c in "0123456789abcdef" if c != value[at]]) + value[at + 1 :]


def tamper(database: Database, chance: random.Random) -> str:
    """One random change; what was done, or nothing where the database itself refused it."""
    table, how = chance.choice(list(HISTORY)), chance.choice(HOW)
    column = chance.choice(HISTORY[table])
    with database.writing() as session:
        rows = session.execute(text(f"SELECT * FROM {table}")).mappings().all()
        row, second = chance.choice(rows), chance.choice(rows)
        key = _key(table)

        def write(which: Any, values: dict[str, Any]) -> None:
            sets = ", ".join(f"{name} = :new_{name}" for name in values)
            found = " AND ".join(f"{name} = :{name}" for name in key)
            given = {f"new_{name}": value for name, value in values.items()} | {name: which[name] for name in key}
            session.execute(text(f"UPDATE {table} SET {sets} WHERE {found}"), given)

        if how == "change":
            write(row, {column: other(row[column], chance)})
        elif how == "delete":
            found = " AND ".join(f"{name} = :{name}" for name in key)
            session.execute(text(f"DELETE FROM {table} WHERE {found}"), {name: row[name] for name in key})
        elif how == "exchange":
            moved = [name for name in HISTORY[table] if name not in key]
            if all(row[name] == second[name] for name in moved):
                return ""
            write(row, {name: second[name] for name in moved})
            write(second, {name: row[name] for name in moved})
        else:
            fresh = dict(row) | {name: row[name] + 1_000 for name in key if isinstance(row[name], int)}
            names = ", ".join(fresh)
            session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + n for n in fresh)})"), fresh)
    return f"{how} {table}.{column}"


def _key(table: str) -> tuple[str, ...]:
    return {"events": ("agreement_id", "seq"), "audit_leaves": ("idx",), "audit_nodes": ("level", "idx")}.get(
        table, ("id",)
    )


@pytest.mark.soak
def test_a_thousand_random_changes_to_history_are_found(sqlite_database: Database, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance, town = random.Random(seed), with_log(build_town(sqlite_database), tmp_path, "own")
    with form_taken_as_complete(town):
        _every_change_is_found(town, tmp_path, chance, seed)


def _every_change_is_found(town: Town, tmp_path: Path, chance: random.Random, seed: int) -> None:
    town.bring_to(town.start(), "signed")
    audit_log.keep_log(town.ctx, due=True)
    town.bring_to(town.start("AAC", "AAB"), "text_agreed")
    audit_log.keep_log(town.ctx, due=True)
    held, original = newest(town), tmp_path / "original.sqlite3"
    with town.ctx.database.writing() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
    with town.ctx.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(town.ctx.database.url.removeprefix("sqlite:///"), original)
    assert problems(town.ctx, held) == []
    done: Counter[str] = Counter()
    while done.total() < 1_000:
        copy = tmp_path / "copy.sqlite3"
        for path in tmp_path.glob("copy.sqlite3*"):
            path.unlink()
        shutil.copyfile(original, copy)
        database = Database(f"sqlite:///{copy}", synchronous="NORMAL")
        try:
            what = tamper(database, chance)
        except Exception:  # the database has rules of its own: a key that is there already, a party that is not
            what = ""
        if what:
            assert problems(replace(town.ctx, database=database), held), f"seed {seed}, after {done.total()}: {what}"
            done[what.split(".")[0]] += 1
        database.close()
    print(f"seed {seed}: {dict(done)}")
