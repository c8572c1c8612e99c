"""The audit log in the database. One rule: one writer at a time gives out places, so that the log has no gap."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from dsa.domain.merkle import Place
from dsa.persistence.models import Agreement, AuditLeaf, AuditNode, CheckpointRow, Event, Party, table

_LOCK = 8_305_113  # any number that nothing else here locks by
_IN = 500  # values in one statement


def lock(session: Session) -> None:
    """Wait until no other process adds to the log, and keep others waiting until the end of this transaction.

    On SQLite every writer is alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def size(session: Session) -> int:
    """How many leaves the log has."""
    last = session.scalar(select(func.max(AuditLeaf.idx)))
    return 0 if last is None else last + 1


def unlogged(session: Session, *, limit: int) -> list[Any]:
    """Events that have no place in the log yet: (agreement_id, seq, kind, hash), in the order of their chains."""
    reached = (
        select(func.coalesce(func.max(AuditLeaf.seq), 0))
        .where(AuditLeaf.agreement_id == Agreement.id)
        .correlate(Agreement)
        .scalar_subquery()
    )
    behind = session.execute(
        select(Agreement.id, Agreement.head_seq, reached.label("reached"))
        .where(Agreement.head_seq > reached)
        .order_by(Agreement.id)
        .limit(limit)
    ).all()
    found: list[Any] = []
    for row in behind:
        found += session.execute(
            select(Event.agreement_id, Event.seq, Event.kind, Event.hash)
            .where(Event.agreement_id == row.id, Event.seq > row.reached, Event.seq <= row.head_seq)
            .order_by(Event.seq)
            .limit(limit - len(found))
        ).all()
        if len(found) >= limit:
            break
    return found


def add_leaves(session: Session, leaves: Sequence[Mapping[str, Any]], nodes: Iterable[tuple[int, int, bytes]]) -> None:
    """Add leaves (idx, agreement_id, seq, hash) and the nodes above them that are full now."""
    session.execute(insert(table(AuditLeaf)), list(leaves))
    rows = [{"level": level, "idx": index, "hash": hashed.hex()} for level, index, hashed in nodes if level]
    if rows:
        session.execute(insert(table(AuditNode)), rows)


def kinds_since(session: Session, start: int, kinds: Collection[str]) -> bool:
    """Whether an event of one of these kinds stands in the log at ``start`` or later."""
    return session.scalar(_since(start, kinds).with_only_columns(AuditLeaf.idx).limit(1)) is not None


def agreements_since(session: Session, start: int, kind: str) -> list[int]:
    """The agreements (ids, in order) of events of this kind that stand in the log at ``start`` or later.

    Synthetic ones are left out: nobody waits for mail about a history that was made up.
    """
    statement = _since(start, [kind]).join(Agreement, Agreement.id == AuditLeaf.agreement_id)
    statement = statement.where(Agreement.is_synthetic.is_(False)).with_only_columns(AuditLeaf.agreement_id)
    return sorted(session.scalars(statement.distinct()))


def _since(start: int, kinds: Collection[str]) -> Any:
    return (
        select(AuditLeaf.idx)
        .join(Event, (Event.agreement_id == AuditLeaf.agreement_id) & (Event.seq == AuditLeaf.seq))
        .where(AuditLeaf.idx >= start, Event.kind.in_(sorted(kinds)))
    )


def nodes(session: Session, places: Collection[Place]) -> dict[Place, bytes]:
    """The hashes at these places; those that are not there are left out."""
    found: dict[Place, bytes] = {}
    by_level: dict[int, list[int]] = {}
    for level, index in sorted(places):
        by_level.setdefault(level, []).append(index)
    for level, indices in by_level.items():
        for start in range(0, len(indices), _IN):
            asked = indices[start : start + _IN]
            if level:
                statement = select(AuditNode.idx, AuditNode.hash).where(
                    AuditNode.level == level, AuditNode.idx.in_(asked)
                )
            else:
                statement = select(AuditLeaf.idx, AuditLeaf.hash).where(AuditLeaf.idx.in_(asked))
            found.update({(level, index): bytes.fromhex(hashed) for index, hashed in session.execute(statement)})
    return found


def places_of(session: Session, agreement_id: int) -> dict[int, int]:
    """The place in the log of each event of an agreement, by its seq."""
    rows = session.execute(
        select(AuditLeaf.seq, AuditLeaf.idx).where(AuditLeaf.agreement_id == agreement_id).order_by(AuditLeaf.seq)
    )
    return {row.seq: row.idx for row in rows}


def leaves(session: Session, *, start: int = 0, limit: int = 2_000) -> list[Any]:
    """Leaves from ``start`` on, each beside its event: idx, agreement_id, seq, hash; event_hash, prev, body."""
    return list(
        session.execute(
            select(
                AuditLeaf.idx, AuditLeaf.agreement_id, AuditLeaf.seq, AuditLeaf.hash,
                Event.hash.label("event_hash"), Event.prev, Event.body,
            )
            .outerjoin(Event, (Event.agreement_id == AuditLeaf.agreement_id) & (Event.seq == AuditLeaf.seq))
            .where(AuditLeaf.idx >= start)
            .order_by(AuditLeaf.idx)
            .limit(limit)
        )
    )  # fmt: skip


def leaf_hashes(session: Session, *, start: int, end: int) -> list[str]:
    """The hashes of the leaves from ``start`` up to ``end``, in order."""
    statement = select(AuditLeaf.hash).where(AuditLeaf.idx >= start, AuditLeaf.idx < end).order_by(AuditLeaf.idx)
    return list(session.scalars(statement))


def every_node(session: Session, *, after: Place = (0, -1), limit: int = 10_000) -> list[Any]:
    """Stored nodes above the leaves in order of level and index, beginning after a place."""
    level, index = after
    return list(
        session.execute(
            select(AuditNode.level, AuditNode.idx, AuditNode.hash)
            .where((AuditNode.level > level) | ((AuditNode.level == level) & (AuditNode.idx > index)))
            .order_by(AuditNode.level, AuditNode.idx)
            .limit(limit)
        )
    )


def events_in_all(session: Session) -> int:
    """How many events there are in all agreements, by what each agreement says of its own."""
    return int(session.scalar(select(func.coalesce(func.sum(Agreement.head_seq), 0))) or 0)


def references(session: Session) -> dict[int, str]:
    """The reference of every agreement by its id."""
    rows = session.execute(select(Agreement.id, Agreement.reference).order_by(Agreement.id))
    return {row.id: row.reference for row in rows}


def add_checkpoint(session: Session, *, size: int, root: bytes, at: datetime, note: str) -> int:
    """Keep a signed checkpoint; returns its id."""
    statement = insert(CheckpointRow).values(size=size, root=root.hex(), at=at, note=note).returning(CheckpointRow.id)
    return int(session.execute(statement).scalar_one())


def newest_checkpoint(session: Session) -> CheckpointRow | None:
    """The newest checkpoint, or None before the first."""
    return session.scalar(select(CheckpointRow).order_by(CheckpointRow.id.desc()).limit(1))


def checkpoints(session: Session, *, after: int = 0, limit: int = 1_000) -> list[CheckpointRow]:
    """Checkpoints in the order in which they were made, beginning after an id."""
    statement = select(CheckpointRow).where(CheckpointRow.id > after).order_by(CheckpointRow.id).limit(limit)
    return list(session.scalars(statement))


def newest_checkpoints(session: Session, *, before: int | None = None, limit: int = 50) -> list[CheckpointRow]:
    """Checkpoints newest first, beginning before an id."""
    statement = select(CheckpointRow).order_by(CheckpointRow.id.desc()).limit(limit)
    return list(session.scalars(statement if before is None else statement.where(CheckpointRow.id < before)))


def checkpoint(session: Session, number: int) -> CheckpointRow | None:
    """The checkpoint of that number, or None."""
    return session.get(CheckpointRow, number)


def party_organisations(session: Session, reference: str | None = None) -> list[int]:
    """The organisations (ids, in order) that are parties of an agreement, or of any where none is named."""
    statement = select(Party.organisation_id).join(Agreement, Agreement.id == Party.agreement_id)
    statement = statement.where(Party.left_at.is_(None))
    if reference is not None:
        statement = statement.where(Agreement.reference == reference)
    return sorted(session.scalars(statement.distinct()))
