"""Prepared statements give what SQLAlchemy gives, in the same transaction, with the same errors."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from dsa.domain.errors import Conflict
from dsa.persistence.models import Mail, Organisation, OutboxRow, table
from dsa.persistence.prepared import Prepared, together
from dsa.persistence.session import Database

O = table(Organisation)  # noqa: E741 - the table of organisations
X = table(OutboxRow)
NOW = datetime(2026, 11, 2, 10, 0, 7, tzinfo=UTC)
COLUMNS = ["code", "name", "body_type", "nation", "created_at"]
ADD = Prepared(insert(O), columns=COLUMNS)
FIND = Prepared(select(O).where(O.c.code == bindparam("wanted")).order_by(O.c.id).limit(1))
RENAME = Prepared(update(O).where(O.c.code == bindparam("wanted")).values(name=bindparam("new_name")))
COUNT = Prepared(select(func.count(O.c.id).label("n")))


def row(code: str) -> dict[str, object]:
    return {"code": code, "name": f"Body {code}", "body_type": "council", "nation": "ENG", "created_at": NOW}


def test_a_prepared_select_gives_the_rows_that_sqlalchemy_gives(database: Database) -> None:
    with database.writing() as session:
        ADD.many(session, [row("A"), row("B")])
        own = FIND.one(session, {"wanted": "B"})
        theirs = session.execute(select(O).where(O.c.code == "B")).one()
        assert tuple(own) == tuple(theirs)
        assert own.created_at == NOW
        assert FIND.one(session, {"wanted": "C"}) is None
        assert RENAME.run(session, {"wanted": "A", "new_name": "Renamed"}) == 1
        assert session.scalars(select(Organisation.name).where(Organisation.code == "A")).one() == "Renamed"


def test_types_go_in_and_come_out_as_their_columns_say(database: Database) -> None:
    add = Prepared(insert(X), columns=["kind", "key", "payload", "created_at", "available_at", "attempts"])
    payload = {"what": "opened", "names": ["Zoë", 1, None]}
    with database.writing() as session:
        add.run(
            session,
            {"kind": "mail", "key": "k", "payload": payload, "created_at": NOW, "available_at": NOW, "attempts": 0},
        )
        found = Prepared(select(X)).rows(session, {})
        assert [(each.payload, each.created_at, each.done_at) for each in found] == [(payload, NOW, None)]


def test_a_value_that_is_not_given_is_an_error_and_not_a_blank(database: Database) -> None:
    with database.writing() as session, pytest.raises(KeyError):
        ADD.run(session, {"code": "A"})


def test_what_is_wrong_comes_out_as_from_any_other_statement(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        ADD.many(session, [row("A"), row("A")])
    with database.reading() as session:
        assert COUNT.one(session, {}).n == 0, "nothing of it stays"


def test_writes_sent_together_are_judged_at_the_end(database: Database) -> None:
    with pytest.raises(Conflict, match="first"), database.writing() as session, together(session):  # noqa: PT012
        ADD.run(session, row("A"))
        RENAME.demand(session, {"wanted": "NOBODY", "new_name": "x"}, Conflict("Somebody was first."))
    with pytest.raises(IntegrityError), database.writing() as session, together(session):  # noqa: PT012
        ADD.run(session, row("A"))
        ADD.run(session, row("A"))
    with database.writing() as session:
        with together(session):
            ADD.run(session, row("A"))
            RENAME.demand(session, {"wanted": "A", "new_name": "x"}, Conflict("Somebody was first."))
        assert COUNT.one(session, {}).n == 1


def test_a_session_may_mix_prepared_statements_and_objects(database: Database) -> None:
    with database.writing() as session:
        ADD.run(session, row("A"))
        body = session.scalars(select(Organisation)).one()
        body.name = "Changed as an object"
    with database.reading() as session:
        assert FIND.one(session, {"wanted": "A"}).name == "Changed as an object"


def test_an_error_in_the_block_takes_everything_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as session:  # noqa: PT012
        ADD.run(session, row("A"))
        session.add(Mail(outbox_id=1, person_id=1, address="a", subject="s", body="b", link="l", made_at=NOW))
        _ = 1 / 0
    with database.reading() as session:
        assert COUNT.one(session, {}).n == 0


def test_a_connection_that_rested_is_tried_before_it_is_used(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dsa.persistence import session as module

    with postgres_database.reading() as session:
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = Database(postgres_database.url)
    with other.writing() as session:
        session.execute(text("SELECT pg_terminate_backend(:p)"), {"p": backend})
    other.close()
    monkeypatch.setattr(module, "REST_SECONDS", -1)
    with postgres_database.reading() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
