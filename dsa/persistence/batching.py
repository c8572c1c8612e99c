"""Many steps in one transaction, and tables carried from one database into another. For making a large demonstration.

One rule: nothing is worked out here: rows are what the services wrote, and only row numbers are moved on.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Table
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import Base
from dsa.persistence.session import Database

# Columns that name a row of another table without a constraint that says so.
_UNDECLARED = {("agreements", "locked_version_id"): "versions"}


class Batch(Database):
    """A database of one's own, in which all steps lie in one transaction: kept by ``keep``, or not at all."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}", synchronous="OFF")
        self._connection: Connection = self._writer.connect()
        self._connection.begin()
        self._session = Session(self._connection, expire_on_commit=False)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The one session, in the one transaction; what was read in a step before is read again."""
        yield self._session
        self._session.flush()
        self._session.expunge_all()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The one session, for looking."""
        yield self._session
        self._session.expunge_all()

    def keep(self) -> None:
        """Commit what was done."""
        self._session.close()
        self._connection.commit()
        self._connection.begin()

    def close(self) -> None:
        """Close every connection; what was not kept is gone."""
        self._session.close()
        self._connection.close()
        super().close()


def of_agreements() -> list[Table]:
    """The tables that hold rows of agreements, those that others point to first."""
    return [
        each for each in Base.metadata.sorted_tables if each.name == "agreements" or "agreement_id" in each.c
    ]  # fmt: skip


class Carrier:
    """Carries the rows of many small SQLite databases, each numbered from 1, into one as if they were written there."""

    def __init__(self) -> None:
        self._numbered = {table.name for table in of_agreements() if _is_numbered(table)}
        self._next = dict.fromkeys(self._numbered, 0)

    def into_sqlite(self, target: sqlite3.Connection, source: Path) -> None:
        """Carry a database into the open transaction-less connection of another one, in one transaction."""
        target.execute("ATTACH ? AS part", (str(source),))
        target.execute("BEGIN")
        for table in of_agreements():
            columns = _names(table)
            values = ", ".join(self._moved(table, column.name) for column in table.c)
            key = ", ".join(column.name for column in table.primary_key)
            target.execute(
                f"INSERT INTO main.{table.name} ({columns}) SELECT {values} FROM part.{table.name} ORDER BY {key}"  # noqa: S608
            )
        self._count(target, "part.")
        target.execute("COMMIT")
        target.execute("DETACH part")

    def into_postgresql(self, connection: Connection, source: Path) -> None:
        """Carry a database into a transaction on PostgreSQL."""
        with closing(sqlite3.connect(source)) as part:
            for table in of_agreements():
                values = ", ".join(self._moved(table, column.name) for column in table.c)
                key = ", ".join(column.name for column in table.primary_key)
                copy_table(connection, table, part.execute(f"SELECT {values} FROM {table.name} ORDER BY {key}"))  # noqa: S608
            self._count(part, "")

    def _moved(self, table: Table, column: str) -> str:
        """A column as it is selected: a row number goes on from those that are there already."""
        if column == "id" and table.name in self._numbered:
            return f"id + {self._next[table.name]}"
        foreign = [key.column.table.name for key in table.c[column].foreign_keys]
        known = _UNDECLARED.get((table.name, column)) or (foreign[0] if foreign else "")
        return f'"{column}" + {self._next[known]}' if known in self._numbered else f'"{column}"'

    def _count(self, part: sqlite3.Connection, schema: str) -> None:
        for name in self._numbered:
            self._next[name] += part.execute(f"SELECT coalesce(max(id), 0) FROM {schema}{name}").fetchone()[0]  # noqa: S608

    def set_sequences(self, connection: Connection) -> None:
        """Let PostgreSQL number on from the highest row of each table."""
        for table in Base.metadata.sorted_tables:
            if _is_numbered(table):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), greatest(max(id), 1), max(id) IS NOT NULL) "  # noqa: S608, E501
                    f"FROM {table.name}"
                )


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.c)


def _is_numbered(table: Table) -> bool:
    return "id" in table.c and bool(table.c.id.primary_key) and table.c.id.type.python_type is int


def copy_table(connection: Connection, table: Table, found: Iterator[tuple[Any, ...]] | sqlite3.Cursor) -> None:
    """Add rows as SQLite keeps them to a table on PostgreSQL."""
    truth = [place for place, column in enumerate(table.c) if isinstance(column.type, Boolean)]
    columns = _names(table)
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in found:
            if truth:
                values = list(row)
                for place in truth:
                    values[place] = None if values[place] is None else bool(values[place])
                row = tuple(values)
            copy.write_row(row)


def copy_whole(connection: Connection, source: Path) -> None:
    """Carry the tables of an SQLite database as they are into those on PostgreSQL that are empty."""
    with closing(sqlite3.connect(source)) as part:
        for table in Base.metadata.sorted_tables:
            if connection.exec_driver_sql(f"SELECT 1 FROM {table.name} LIMIT 1").first() is None:  # noqa: S608
                columns = _names(table)
                copy_table(connection, table, part.execute(f"SELECT {columns} FROM {table.name}"))  # noqa: S608


@contextmanager
def unguarded(target: sqlite3.Connection) -> Iterator[None]:
    """Without secondary indexes and triggers for as long as the block lasts: they are made again when all is there."""
    made = target.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL "
        "ORDER BY rowid"
    ).fetchall()
    for kind, name, _ in made:
        target.execute(f"DROP {kind} {name}")
    yield
    for _, _, sql in made:
        target.execute(sql)


def set_counters(session: Session, values: Mapping[str, int]) -> None:
    """Let series of numbers go on from these."""
    for name, value in values.items():
        rows.add(session, "counters", {"name": name, "value": value})
