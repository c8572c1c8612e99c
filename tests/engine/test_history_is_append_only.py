"""Invariant 5: no event can be changed or taken away, and whoever does it all the same is found out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dsa.domain.integrity import canonical, event_hash
from dsa.persistence.appendonly import APPEND_ONLY, AUDIT_LOG, CONSENTS
from dsa.services import audit_log
from tests.engine.town import Town

COLUMNS = {
    "events": "kind",
    "versions": "reason",
    "definitions": "content",
    "access_records": "what",
    "signatures": "post",
    "audit_leaves": "hash",
    "audit_nodes": "hash",
    "checkpoints": "note",
    "indicator_consents": "post",
}


def filled(town: Town) -> str:
    """The reference of an agreement with a row in every table of history."""
    reference = town.bring_to(town.start(), "sign_off")
    town.carry_out()
    town.sign(reference, "sign:aaa")
    person = town.people["AAA", "legal"]
    audit_log.keep_log(town.ctx)
    run(town, "INSERT INTO checkpoints (size, root, at, note) VALUES (1, 'x', 1, 'x')")
    run(town, f"INSERT INTO access_records (person_id, what, at) VALUES ({person}, 'looked', 1)")
    consent = f"{town.organisations['AAA']}, true, {person}, 'Head', 1"
    run(town, f"INSERT INTO indicator_consents (organisation_id, agreed, person_id, post, at) VALUES ({consent})")
    return reference


def run(town: Town, statement: str, **values: Any) -> None:
    with town.ctx.database.writing() as session:
        session.execute(text(statement), values)


@pytest.mark.parametrize("table", [*APPEND_ONLY, *AUDIT_LOG, *CONSENTS])
def test_no_row_of_history_can_be_changed_taken_away_or_written_over(town: Town, table: str) -> None:
    filled(town)
    column = COLUMNS[table]
    statements = [f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"]
    if town.ctx.database.is_sqlite:
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
        statements.append(f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
        statements.append(f"UPDATE OR REPLACE {table} SET {column} = 'x'")
    else:
        statements += [f"TRUNCATE {table} CASCADE"]
    with town.ctx.database.reading() as session:
        before = session.execute(text(f"SELECT * FROM {table}")).all()
    assert before, "an empty table would prove nothing"
    for statement in statements:
        with pytest.raises(DBAPIError):
            run(town, statement)
    with town.ctx.database.reading() as session:
        assert session.execute(text(f"SELECT * FROM {table}")).all() == before


def without_triggers(town: Town) -> None:
    """What somebody who holds the database can do: take the triggers away."""
    with town.ctx.database.writing() as session:
        if town.ctx.database.is_sqlite:
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("ALTER TABLE events DISABLE TRIGGER ALL"))
            session.execute(text("ALTER TABLE versions DISABLE TRIGGER ALL"))


def _rewrite(change: Callable[[dict[str, Any]], object], *, rehash: bool) -> Callable[[Town, int], None]:
    """Change the body of event 5, with its own hash made to fit or not."""

    def tamper(town: Town, agreement: int) -> None:
        with town.ctx.database.reading() as session:
            where = "WHERE agreement_id = :a AND seq = 5"
            row = session.execute(text(f"SELECT body, prev, hash FROM events {where}"), {"a": agreement}).one()
        body = json.loads(row.body)
        change(body)
        data = canonical(body)
        digest = event_hash(row.prev, data) if rehash else row.hash
        run(town, f"UPDATE events SET body = :b, hash = :h {where}", b=data.decode(), h=digest, a=agreement)

    return tamper


def _sql(statement: str) -> Callable[[Town, int], None]:
    return lambda town, agreement: run(town, statement.replace(":a", str(agreement)))


@pytest.mark.parametrize(
    ("tamper", "seq", "says"),
    [
        (_rewrite(lambda b: b["facts"].update(summary="x"), rehash=False), 5, "Event 5 was changed"),
        (_rewrite(lambda b: b["facts"].update(summary="x"), rehash=True), 6, "Event 6 does not follow from event 5"),
        (_sql("DELETE FROM events WHERE agreement_id = :a AND seq = 5"), 5, "Event 5 is missing"),
        (_sql("DELETE FROM events WHERE agreement_id = :a AND seq IN (4, 5)"), 4, "Events 4 to 5 are missing"),
        (_sql("DELETE FROM events WHERE agreement_id = :a AND seq = 1"), 1, "Event 1 is missing"),
        (_sql("DELETE FROM events WHERE agreement_id = :a AND seq = (SELECT max(seq) FROM events "
              "WHERE agreement_id = :a)"), None, "The history ends at event"),
        (_sql("UPDATE events SET kind = 'ReviewDecided' WHERE agreement_id = :a AND seq = 2"), 2, "the kind beside it"),
        (_sql("UPDATE events SET happened_at = 1 WHERE agreement_id = :a AND seq = 3"), 3, "at which it happened"),
        (_sql("UPDATE events SET recorded_at = 1 WHERE agreement_id = :a AND seq = 3"), 3, "at which it was recorded"),
        (_sql("UPDATE events SET person_id = 3 - person_id % 3 WHERE agreement_id = :a AND seq = 4"), 4, "the person"),
        (_sql("UPDATE events SET organisation_id = 3 WHERE agreement_id = :a AND seq = 4"), 4, "the organisation"),
        (_sql("UPDATE events SET side = organisation_id WHERE agreement_id = :a AND seq = 4"), 4, "the side"),
        (_sql("UPDATE events SET prev = hash WHERE agreement_id = :a AND seq = 4"), 4, "does not follow"),
        (_sql("UPDATE events SET seq = 99 WHERE agreement_id = :a AND seq = 5"), 5, "Event 5 is missing"),
        (_sql("UPDATE agreements SET head_hash = 'x' WHERE id = :a"), None, "names as its last"),
        (_sql("UPDATE agreements SET stage = 'signed' WHERE id = :a"), 0, "does not stand where its events lead"),
        (_sql("UPDATE agreements SET holder_owner = 'AAC' WHERE id = :a"), 0, "does not stand where its events lead"),
        (_sql("UPDATE tasks SET outcome = 'changes' WHERE agreement_id = :a AND status = 'done'"), 0,
         "The tasks are not"),
        (_sql("UPDATE tasks SET due_at = due_at + 60 WHERE agreement_id = :a"), 0, "The tasks are not"),
        (_sql("UPDATE spells SET owner = 'AAC' WHERE agreement_id = :a"), 0, "The ledger is not"),
        (_sql("UPDATE spells SET started_at = started_at + 60 WHERE agreement_id = :a"), 0, "The ledger is not"),
        (_sql("UPDATE stage_entries SET working_minutes = 1 WHERE agreement_id = :a"), 0,
         "The stays in stages are not"),
        (_sql("UPDATE versions SET content = '{}' WHERE agreement_id = :a"), None, "Version 1 is not the text"),
        (_sql("UPDATE versions SET hash = 'x' WHERE agreement_id = :a"), None, "Version 1 is not the text"),
    ],
)  # fmt: skip
def test_any_change_to_history_is_found_and_the_sentence_says_where(
    town: Town, tamper: Callable[[Town, int], None], seq: int | None, says: str
) -> None:
    reference = town.bring_to(town.start(), "text_agreed")
    assert town.problems(reference) == ()
    without_triggers(town)
    tamper(town, int(town.loaded(reference).head.id))
    found = town.problems(reference)
    assert says in found[0].says, found
    if seq is not None:
        assert found[0].seq == seq
