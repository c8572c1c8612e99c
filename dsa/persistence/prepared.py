"""Statements compiled once and run straight on the driver's cursor: the hot path of a step.

One rule: a statement is still written as SQLAlchemy Core, so that both databases get their own SQL and every column
its own type; only the work that SQLAlchemy does on each execution is done once here. It runs in the session's
transaction. Core defaults are not applied: a prepared insert names every column that it fills.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Table, bindparam, update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import SelectBase

from dsa.persistence.types import Instant, Json, instant_of, json_of, seconds_of

Processor = Callable[[Any], Any]


class Prepared:
    """A statement with named parameters. ``columns`` are those that an insert fills; all of them by default."""

    def __init__(self, statement: Executable, *, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._ready: dict[str, _Ready] = {}

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """The rows, as named tuples in the types of their columns."""
        cursor, dialect = _cursor(session)
        ready = self._for(dialect)
        _execute(cursor, dialect, ready.sql, ready.bind(values))
        return ready.read(cursor.fetchall())

    def one(self, session: Session, values: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        found = self.rows(session, values)
        return found[0] if found else None

    def run(self, session: Session, values: Mapping[str, Any]) -> int:
        """Execute; returns how many rows it touched."""
        cursor, dialect = _cursor(session)
        ready = self._for(dialect)
        _execute(cursor, dialect, ready.sql, ready.bind(values))
        return int(cursor.rowcount)

    def number(self, session: Session, values: Mapping[str, Any]) -> Any:
        """Execute; returns the one value that an insert gives back, or None where a query finds no row."""
        cursor, dialect = _cursor(session)
        ready = self._for(dialect)
        _execute(cursor, dialect, ready.sql, ready.bind(values))
        row = cursor.fetchone()
        return None if row is None else row[0]

    def demand(self, session: Session, values: Mapping[str, Any], otherwise: Exception) -> None:
        """Execute, and raise ``otherwise`` where it did not touch exactly one row (inside ``together``: at its end)."""
        waiting = session.info.get("waiting")
        if waiting is None:
            if self.run(session, values) != 1:
                raise otherwise
            return
        cursor, dialect = _cursor(session)
        ready, own = self._for(dialect), cursor.connection.cursor()
        _execute(own, dialect, ready.sql, ready.bind(values))
        waiting.append((own, otherwise))

    def many(self, session: Session, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each; nothing for none."""
        if len(values) == 1:
            self.run(session, values[0])
        elif values:
            cursor, dialect = _cursor(session)
            ready = self._for(dialect)
            _execute(cursor, dialect, ready.sql, [ready.bind(each) for each in values], many=True)

    def _for(self, dialect: Dialect) -> "_Ready":
        found = self._ready.get(dialect.name)
        if found is None:
            found = self._ready[dialect.name] = _Ready(self._statement, dialect, self._columns)
        return found


class PreparedUpdate:
    """An update of one table whose columns vary: a statement for each set of columns, compiled once.

    Parameters of ``where`` begin with ``of_``, so that they are never taken for a column.
    """

    def __init__(self, table: Table, *where: ColumnElement[bool]) -> None:
        self._table, self._where = table, where
        self._known: dict[frozenset[str], Prepared] = {}

    def run(self, session: Session, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Set the columns; returns how many rows were touched."""
        found = self._known.get(frozenset(values))
        if found is None:
            new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in sorted(values)}
            found = self._known[frozenset(values)] = Prepared(update(self._table).where(*self._where).values(new))
        return found.run(session, {**where, **{f"new_{name}": value for name, value in values.items()}})


class _Ready:
    """A statement in one database's SQL, with what turns values into the driver's and back."""

    def __init__(self, statement: Executable, dialect: Dialect, columns: Sequence[str] | None) -> None:
        anything: Any = statement
        compiled = anything.compile(dialect=dialect, column_keys=list(columns) if columns else None)
        self.sql = str(compiled)
        names: Iterable[str] = compiled.positiontup if compiled.positional else compiled.binds
        self._positional = bool(compiled.positional)
        self._binds = [(name, _bind_processor(compiled.binds[name], dialect)) for name in names]
        # what the statement itself holds, such as the 1 of a LIMIT
        self._fixed = {name: compiled.binds[name].value for name in names if not compiled.binds[name].required}
        self._row: Any = None
        self._processors: list[tuple[int, Processor]] = []
        if isinstance(statement, SelectBase):
            keys = [str(column.key) for column in statement.selected_columns]
            self._row = _row_type(keys)
            made = [_result_processor(column, dialect) for column in statement.selected_columns]
            self._processors = [(place, each) for place, each in enumerate(made) if each is not None]

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them: in order, or by name."""
        if self._fixed:
            values = {**self._fixed, **values}
        if self._positional:
            return [process(values[name]) if process else values[name] for name, process in self._binds]
        return {name: process(values[name]) if process else values[name] for name, process in self._binds}

    def read(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        """The driver's rows as named tuples."""
        rows = []
        for row in found:
            values = list(row)
            for place, process in self._processors:
                values[place] = process(values[place])
            rows.append(self._row(values))
        return rows


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Send the writes of the block without waiting for the answer to each, where the driver can (PostgreSQL).

    What goes wrong with any of them is raised at the end of the block, at the latest.
    """
    cursor, dialect = _cursor(session)
    if not hasattr(cursor.connection, "pipeline"):
        yield
        return
    waiting: list[tuple[Any, Exception]] = []
    session.info["waiting"] = waiting
    try:
        with cursor.connection.pipeline():
            yield
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance("", None, error, dialect.loaded_dbapi.Error, dialect=dialect) from error
    finally:
        del session.info["waiting"]
    for own, otherwise in waiting:
        if own.rowcount != 1:
            raise otherwise


def _bind_processor(bind: Any, dialect: Dialect) -> Processor | None:
    if isinstance(bind.type, Instant):
        return seconds_of  # without the two layers that a type of ours has around it
    found: Processor | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return found


def _result_processor(column: Any, dialect: Dialect) -> Processor | None:
    if isinstance(column.type, Instant):
        return instant_of
    if isinstance(column.type, Json):
        return json_of
    found: Processor | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return found


def _row_type(keys: list[str]) -> Any:
    named: Any = namedtuple  # its fields are known at run time only
    made = named("Row", keys)
    return made._make


def _cursor(session: Session) -> tuple[Any, Dialect]:
    """A cursor of the session's one transaction, kept as long as the session."""
    kept: tuple[Any, Dialect] | None = session.info.get("cursor")
    if kept is None:
        bind = session.get_bind()
        connection = bind if isinstance(bind, Connection) else session.connection()
        kept = session.info["cursor"] = (connection.connection.cursor(), connection.dialect)
    return kept


def _execute(cursor: Any, dialect: Dialect, sql: str, values: Any, *, many: bool = False) -> None:
    """Execute on the driver; its errors come out as SQLAlchemy's, as from any other statement."""
    try:
        (cursor.executemany if many else cursor.execute)(sql, values)
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(sql, values, error, dialect.loaded_dbapi.Error, dialect=dialect) from error
