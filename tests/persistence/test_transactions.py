"""What a transaction sees: a page that reads, and a job that compares, see one moment on both databases."""

from datetime import UTC, datetime

from dsa.persistence import outbox
from dsa.persistence.session import Database

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def test_whoever_reads_sees_one_moment_whatever_others_write_meanwhile(database: Database) -> None:
    with database.reading() as session:
        assert not outbox.known(session, "first")
        with database.writing() as other:
            outbox.ask(other, "mail", "first", {}, at=NOW)
        assert not outbox.known(session, "first"), "sums and what they are made of are of the same moment"
    with database.reading() as session:
        assert outbox.known(session, "first")
    with database.writing() as session, database.writing() if not database.is_sqlite else database.reading() as other:
        assert outbox.known(session, "first")
        if not database.is_sqlite:
            outbox.ask(other, "mail", "second", {}, at=NOW)
