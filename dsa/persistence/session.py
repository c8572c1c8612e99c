"""The database. One rule: whatever may write begins as a writer and ends in one commit or in nothing.

SQLite: WAL, ``synchronous=FULL``, ``BEGIN IMMEDIATE`` for writers, because a deferred transaction that turns into a
writer is refused at once however long the busy time-out is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session

from dsa.domain.errors import Problem

BUSY_SECONDS = 10
REST_SECONDS = 15
_ONE_MOMENT = {"isolation_level": "REPEATABLE READ"}


class DatabaseBusy(Problem):
    """The database could not be written to in time; nothing was changed."""


class Database:
    """Opens transactions on one database, named by an SQLAlchemy URL.

    ``synchronous`` is SQLite's: FULL keeps every acknowledged write through a power cut; NORMAL is for benchmarks.
    """

    def __init__(self, url: str, *, synchronous: str = "FULL") -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _engine(url, synchronous)
        self._writer = self.engine.execution_options(dsa_write=True)
        # SQLite reads so by itself; on PostgreSQL each statement of a usual transaction sees a moment of its own
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(**_ONE_MOMENT)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction that commits when the block ends well and rolls back otherwise."""
        try:
            # the connection begins and commits; the session on it joins in, and costs little where it is not used
            with self._writer.begin() as connection, Session(connection, expire_on_commit=False) as session:
                yield session
                session.flush()
        except OperationalError as error:
            if "database is locked" in str(error):
                raise DatabaseBusy("The service is busy. Nothing was changed. Try again in a few seconds.") from error
            raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment and never writes: it is always rolled back."""
        # the connection begins, and rolls back as it is given back; what was read stays readable after the session
        with self._reader.connect() as connection, Session(connection, autoflush=False) as session:
            connection.begin()
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _tested_after_rest(engine: Engine) -> Engine:
    """Ask a pooled connection whether it still lives only when it has rested: a busy one would pay for every step."""

    @event.listens_for(engine, "checkin")
    def _given_back(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("rests_since", monotonic()) > REST_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError("the database closed the connection") from error

    return engine


def _engine(url: str, synchronous: str) -> Engine:
    if not url.startswith("sqlite"):
        return _tested_after_rest(create_engine(url))
    if ":memory:" not in url and url != "sqlite://":
        Path(url.split("///", 1)[-1]).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        begin = "BEGIN IMMEDIATE" if connection.get_execution_options().get("dsa_write", False) else "BEGIN"
        try:
            # straight on the driver: this is said once for every step
            connection.connection.dbapi_connection.execute(begin)  # type: ignore[union-attr]
        except engine.dialect.loaded_dbapi.OperationalError as error:
            raise OperationalError(begin, None, error) from error

    return engine
