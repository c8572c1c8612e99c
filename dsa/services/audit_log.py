"""Keeping the audit log: every event gets its place, and checkpoints say what the log held.

One rule: places are given by this service alone, in order and without a gap, within seconds of the event; a checkpoint
follows each signature, and each hour in which something happened (docs/adr/0027).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dsa.domain import merkle
from dsa.domain.checkpoints import read_note
from dsa.domain.merkle import Place
from dsa.persistence import audit_log as stored
from dsa.persistence import outbox
from dsa.services.context import Context

BATCH = 5_000
SIGNING = ("DocumentIssued", "TextSigned", "DocumentSealed")


@dataclass(frozen=True, slots=True)
class Kept:
    """What one call did: how many leaves it added, and the number of the checkpoint that it made, or None."""

    leaves: int
    checkpoint: int | None


def keep_log(ctx: Context, *, due: bool = False) -> Kept:
    """Give every event its place, then make a checkpoint where one is called for. It may run twice at once.

    ``due``: make one where anything happened since the last, as once an hour and before a document is issued.
    """
    if ctx.past:
        return Kept(0, None)
    added = 0
    while batch := _add_leaves(ctx):
        added += batch
    made = _make_checkpoint(ctx, due=due)
    _export(ctx)
    return Kept(added, made)


def _add_leaves(ctx: Context) -> int:
    """Give places to the next events that have none; returns how many."""
    with ctx.database.reading() as session:
        if stored.events_in_all(session) == stored.size(session):
            return 0
    with ctx.database.writing() as session:
        stored.lock(session)
        events = stored.unlogged(session, limit=BATCH)
        if not events:
            return 0
        size = stored.size(session)
        hashes = [merkle.leaf_hash(bytes.fromhex(event.hash)) for event in events]
        full = stored.nodes(session, set(merkle.full_subtrees(0, size)))
        grown = merkle.grown(lambda level, index: full[level, index], size, hashes)
        leaves = [
            {"idx": size + number, "agreement_id": event.agreement_id, "seq": event.seq, "hash": hashed.hex()}
            for number, (event, hashed) in enumerate(zip(events, hashes, strict=True))
        ]
        stored.add_leaves(session, leaves, grown)
        return len(leaves)


def _make_checkpoint(ctx: Context, *, due: bool) -> int | None:
    """Sign the log as it stands, where a signature or ``due`` calls for it; returns the checkpoint's number."""
    if ctx.checkpoints is None:
        return None
    with ctx.database.reading() as session:
        last = stored.newest_checkpoint(session)
        since = last.size if last is not None else 0
        if stored.size(session) == since or not (due or stored.kinds_since(session, since, SIGNING)):
            return None
        size = stored.size(session)
        root = root_at(session, size)
    note = ctx.checkpoints.sign(size, root)  # another process may be asked: nobody waits for the database meanwhile
    if note is None:
        return None
    with ctx.database.writing() as session:
        stored.lock(session)
        last = stored.newest_checkpoint(session)
        since = last.size if last is not None else 0
        if size <= since:
            return None  # somebody else was quicker
        at = datetime.fromisoformat(read_note(note).checkpoint.at)
        number = stored.add_checkpoint(session, size=size, root=read_note(note).checkpoint.root, at=at, note=note)
        if last is not None:
            _ask_for_mail(ctx, session, number, since, at, last.at)
        return number


def _ask_for_mail(ctx: Context, session: Session, number: int, since: int, at: datetime, last_at: datetime) -> None:
    """Send the checkpoint to the parties of what was just sealed, and once a week to every party of anything."""
    asked: list[tuple[str, int | None]] = [
        (f"checkpoint:{number}:{agreement}", agreement)
        for agreement in stored.agreements_since(session, since, "DocumentSealed")
    ]
    week = "{}-{}".format(*at.isocalendar()[:2])
    if at.isocalendar()[:2] != last_at.isocalendar()[:2] and not outbox.known(session, f"checkpoint:week:{week}"):
        asked.append((f"checkpoint:week:{week}", None))
    now = ctx.clock.now()
    for key, agreement in asked:
        outbox.ask(session, "checkpoint", key, {"checkpoint": number}, agreement_id=agreement, at=now)


def root_at(session: Session, size: int) -> bytes:
    """The root of the first ``size`` leaves, from the stored nodes."""
    found = stored.nodes(session, set(merkle.full_subtrees(0, size)))
    return merkle.root(lambda level, index: found[level, index], size)


def proof_between(session: Session, old: int, size: int) -> list[bytes]:
    """The proof that the log of ``size`` leaves continues that of ``old``."""
    found = stored.nodes(session, merkle.places(merkle.consistency_ranges(old, size)))
    return merkle.consistency_proof(lambda level, index: found[level, index], old, size)


def proofs_of(session: Session, indices: list[int], size: int) -> dict[int, list[bytes]]:
    """The inclusion proof of each of these leaves in the log of ``size`` leaves, by index."""
    needed: set[Place] = set()
    for index in indices:
        needed |= merkle.places(merkle.inclusion_ranges(index, size))
    found = stored.nodes(session, needed)
    return {index: merkle.inclusion_proof(lambda level, at: found[level, at], index, size) for index in indices}


def _export(ctx: Context) -> None:
    """Add to the file of checkpoints what it does not hold yet."""
    if ctx.checkpoint_file is None:
        return
    with ctx.database.reading() as session:
        newest = stored.newest_checkpoint(session)
    if newest is None or (kept := ctx.checkpoint_file.text()).endswith(newest.note + "\n\n"):
        return
    held, after = set(kept.split("\n\n\n")), 0
    while True:
        with ctx.database.reading() as session:
            some = stored.checkpoints(session, after=after)
        for each in some:
            if each.note.rstrip("\n") not in held:
                ctx.checkpoint_file.append(each.note)
        if not some:
            return
        after = some[-1].id
