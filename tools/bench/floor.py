"""The floor: the same rows written by the driver alone, without SQLAlchemy, machine, permissions or calendar.

One rule: it writes what our step writes, row for row and column for column: what to write is read from one agreement
that went the whole path through the services. Only the head is read; everything else is known beforehand.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import text

from tools.bench.adapter import PATH, Durable

_HEAD = ("stage", "round", "version", "head_seq", "on_hold", "holder_owner", "holder_role", "holder_reason",
         "holder_since", "stage_entered_at", "stage_due_at", "updated_at", "moved_at", "finished_at")  # fmt: skip


_MOVE = "UPDATE agreements SET " + ", ".join(f"{name} = ?" for name in _HEAD)  # noqa: S608 - fixed names only
_MOVE += ", head_hash = ? WHERE id = ? AND version = ?"
_WAITS = "UPDATE parties SET waiting_since = ?, waiting_due = ? WHERE agreement_id = ? AND key = ?"


@dataclass
class Written:
    """What one step writes: rows by column, as the template agreement has them."""

    event: dict[str, Any]
    closed: list[dict[str, Any]] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)
    spell: dict[str, Any] | None = None
    spell_ends: bool = False
    entry: dict[str, Any] | None = None
    left_minutes: int | None = None
    outbox: list[dict[str, Any]] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    waiting: list[tuple[str, Any, Any]] | None = None


class Floor:
    """Raw steps on a database that our own engine set up and filled."""

    mark = "?"

    def __init__(self, durable: Durable) -> None:
        self.durable = durable
        self.template = durable.start(1)[0]
        self.heads: list[dict[str, Any]] = []
        self.waits: list[list[tuple[str, Any, Any]]] = []
        for k in range(len(PATH)):
            durable.step(self.template, k)
            self.heads.append(self._read("agreements", "reference = :r", r=self.template)[0])
            parties = self._read("parties", "agreement_id = :a ORDER BY id", a=self.heads[-1]["id"])
            self.waits.append([(row["key"], row["waiting_since"], row["waiting_due"]) for row in parties])
        self.plan = [self._written(k) for k in range(len(PATH))]
        self.ids: dict[str, int] = {}
        self.sql: dict[str, str] = {}

    def _read(self, table: str, where: str, **values: Any) -> list[dict[str, Any]]:
        with self.durable.ctx.database.engine.connect() as connection:
            rows = connection.execute(text(f"SELECT * FROM {table} WHERE {where}"), values)  # noqa: S608 - fixed names
            return [dict(row) for row in rows.mappings()]

    def _written(self, k: int) -> Written:
        seq, aid = k + 2, self.heads[k]["id"]
        found = Written(self._read("events", "agreement_id = :a AND seq = :s", a=aid, s=seq)[0])
        tasks = self._read("tasks", "agreement_id = :a ORDER BY id", a=aid)
        found.closed = [row for row in tasks if row["done_seq"] == seq]
        open_now = {"status": "open", "outcome": None, "done_at": None, "done_seq": None, "done_by_id": None}
        found.opened = [row | open_now | {"working_minutes": None} for row in tasks if row["opened_seq"] == seq]
        spells = self._read("spells", "agreement_id = :a", a=aid)
        begun = [row for row in spells if row["started_seq"] == seq]
        found.spell = begun[0] | {"ended_at": None, "ended_seq": None} if begun else None
        found.spell_ends = any(row["ended_seq"] == seq for row in spells)
        entries = self._read("stage_entries", "agreement_id = :a ORDER BY entered_seq", a=aid)
        for before, after in zip([None, *entries], entries, strict=False):
            if after["entered_seq"] == seq:
                found.entry, found.left_minutes = after, before["working_minutes"] if before else 0
        sent = self._read("outbox", "agreement_id = :a ORDER BY id", a=aid)
        found.outbox = [row for row in sent if row["key"].split(":")[1] == str(seq)]
        found.head = {name: self.heads[k][name] for name in _HEAD}
        if found.spell is not None or found.spell_ends:
            found.waiting = self.waits[k]
        return found

    def start(self, n: int) -> list[str]:
        handles = self.durable.start(n)
        for reference in handles:
            self.ids[reference] = self._read("agreements", "reference = :r", r=reference)[0]["id"]
        return handles

    def check(self, handle: str) -> bool:
        return self.durable.check(handle)

    def close(self) -> None:
        self.durable.close()

    # One step

    def execute(self, sql: str, values: Sequence[Any]) -> Any:
        raise NotImplementedError

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        raise NotImplementedError

    def begin(self) -> None:
        raise NotImplementedError

    def step(self, handle: str, k: int) -> None:
        plan, aid = self.plan[k], self.ids[handle]
        self.begin()
        head = self._sql("SELECT version, head_seq, head_hash FROM agreements WHERE id = ?")
        version, seq, prev = self.execute(head, (aid,)).fetchone()
        body = plan.event["body"].replace(self.template, handle)
        digest = hashlib.sha256(prev.encode() + b"\n" + body.encode()).hexdigest()
        self._insert("events", plan.event | {"agreement_id": aid, "body": body, "prev": prev, "hash": digest})
        at = plan.event["recorded_at"]
        for row in plan.closed:
            self.execute(
                self._sql(
                    "UPDATE tasks SET status = ?, outcome = ?, done_at = ?, done_seq = ?, done_by_id = ?, "
                    "working_minutes = ? WHERE agreement_id = ? AND key = ? AND done_at IS NULL"
                ),
                (row["status"], row["outcome"], at, row["done_seq"], row["done_by_id"], 0, aid, row["key"]),
            )
        self._insert_many("tasks", plan.opened, agreement_id=aid)
        if plan.spell_ends:
            close = "UPDATE spells SET ended_at = ?, ended_seq = ? WHERE agreement_id = ? AND ended_at IS NULL"
            self.execute(self._sql(close), (at, seq + 1, aid))
        if plan.spell is not None:
            self._insert("spells", plan.spell | {"agreement_id": aid})
        if plan.entry is not None:
            left = "UPDATE stage_entries SET left_at = ?, working_minutes = ? "
            left += "WHERE agreement_id = ? AND left_at IS NULL"
            self.execute(self._sql(left), (at, plan.left_minutes, aid))
            self._insert("stage_entries", plan.entry | {"agreement_id": aid})
        sent = [row | {"key": row["key"].replace(self.template, handle)} for row in plan.outbox]
        self._insert_many("outbox", sent, agreement_id=aid)
        done = self.execute(self._sql(_MOVE), (*plan.head.values(), digest, aid, version))
        if done.rowcount != 1:
            raise RuntimeError("the floor lost its place")
        if plan.waiting is not None:
            self.many(self._sql(_WAITS), [(since, due, aid, key) for key, since, due in plan.waiting])
        self.execute("COMMIT", ())

    def _sql(self, statement: str) -> str:
        return statement if self.mark == "?" else statement.replace("?", self.mark)

    def _statement(self, table: str, names: Sequence[str]) -> str:
        found = self.sql.get(table)
        if found is None:
            marks = ", ".join([self.mark] * len(names))
            found = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - fixed names
            self.sql[table] = found
        return found

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        self.execute(self._statement(table, list(row)), tuple(row.values()))

    def _insert_many(self, table: str, rows: list[dict[str, Any]], **same: Any) -> None:
        ready = [{name: value for name, value in (row | same).items() if name != "id"} for row in rows]
        if len(ready) == 1:
            self._insert(table, ready[0])
        elif ready:
            self.many(self._statement(table, list(ready[0])), [tuple(row.values()) for row in ready])


class SqliteFloor(Floor):
    """The standard library's driver."""

    def __init__(self, durable: Durable, *, synchronous: str) -> None:
        super().__init__(durable)
        path = durable.ctx.database.url.split("///", 1)[1]
        self.db = sqlite3.connect(path, isolation_level=None, timeout=10)
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "recursive_triggers=ON"):
            self.db.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        self.db.execute("BEGIN IMMEDIATE")

    def execute(self, sql: str, values: Sequence[Any]) -> Any:
        return self.db.execute(sql, values)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.db.executemany(sql, rows)

    def close(self) -> None:
        self.db.close()
        super().close()


class PostgresFloor(Floor):
    """psycopg alone."""

    mark = "%s"

    def __init__(self, durable: Durable) -> None:
        super().__init__(durable)
        self.db = psycopg.connect(durable.ctx.database.url.replace("+psycopg", ""), autocommit=True)
        self.cursor = self.db.cursor()

    def begin(self) -> None:
        self.db.execute("BEGIN")

    def execute(self, sql: str, values: Sequence[Any]) -> Any:
        return self.db.execute(sql, values or None)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.cursor.executemany(sql, rows)

    def close(self) -> None:
        self.db.close()
        super().close()
