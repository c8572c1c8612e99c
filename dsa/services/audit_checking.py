"""Checking the stored audit log against the events and against every checkpoint that is held anywhere.

One rule: it reads everything, trusts nothing that it can recompute, and says where.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dsa.domain.checkpoints import BadNote, Note, notes_in, read_note
from dsa.domain.integrity import event_hash
from dsa.domain.merkle import Tree, leaf_hash
from dsa.persistence import audit_log as stored
from dsa.persistence import settings
from dsa.services import verifying
from dsa.services.context import Context

Progress = Callable[[int, int], None]
_MOST = 20  # problems of one kind that are told


@dataclass(frozen=True, slots=True)
class LogChecked:
    """What was found: leaves, the root over them (hexadecimal), checkpoints compared, and a sentence for each problem.

    ``waiting``: events that have no place yet, because they have only just happened.
    """

    leaves: int
    root: str
    checkpoints: int
    waiting: int
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Walk:
    """The log as it is recomputed."""

    tree: Tree = field(default_factory=Tree)
    reached: dict[int, tuple[int, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def check_log(ctx: Context, *, held: Sequence[str] = (), progress: Progress | None = None) -> LogChecked:
    """Recompute the whole log. ``held`` are texts of checkpoints that somebody kept outside (a file may hold several).

    The service may go on meanwhile: what promises something is read before what it is about. Raises BadNote for a text
    that is no checkpoint.
    """
    outside = [note for text in held for note in notes_in(text)]
    notes, wrong = _own_checkpoints(ctx)
    walk = _walked(ctx, progress)
    problems = walk.problems[:_MOST]
    problems += _node_problems(ctx, walk.tree)[:_MOST]
    problems += wrong
    for where, note in [*notes, *((_OUTSIDE, note) for note in outside)]:
        problems += _promise_problems(ctx, walk.tree, note, where, judge_key=where == _OUTSIDE)
    with ctx.database.reading() as session:
        waiting = max(0, stored.events_in_all(session) - walk.tree.size)
    return LogChecked(walk.tree.size, walk.tree.root().hex(), len(notes) + len(outside), waiting, tuple(problems))


_OUTSIDE, _STORED, _FILE = "The checkpoint kept outside", "The stored checkpoint", "The checkpoint in the file"


def _walked(ctx: Context, progress: Progress | None) -> _Walk:
    """Every leaf that there is now, in order, against its event, and every event against its own hash.

    Leaves that come while it walks are for the next check: where a session sees them, it would never end.
    """
    walk = _Walk()
    with ctx.database.reading() as session:
        names, of, start = stored.references(session), stored.size(session), 0
        while some := [row for row in stored.leaves(session, start=start) if row.idx < of]:
            for row in some:
                walk.problems += _leaf_problems(walk, row, names.get(row.agreement_id, "an unknown agreement"))
                walk.tree.append(bytes.fromhex(row.hash) if _is_hash(row.hash) else leaf_hash(row.hash.encode()))
            start = some[-1].idx + 1
            if progress:
                progress(start, of)
    return walk


def _leaf_problems(walk: _Walk, row: Any, name: str) -> Iterator[str]:
    if row.idx != walk.tree.size:
        yield f"Leaf {walk.tree.size} is missing or out of order: leaf {row.idx} stands in its place."
    seq, previous = walk.reached.get(row.agreement_id, (0, ""))
    if row.seq != seq + 1:
        yield f"Leaf {row.idx} is event {row.seq} of {name}, but event {seq + 1} is the next of it."
    if row.event_hash is None:
        yield f"Leaf {row.idx} stands for event {row.seq} of {name}, which is not there."
    elif leaf_hash(bytes.fromhex(row.event_hash) if _is_hash(row.event_hash) else b"").hex() != row.hash:
        yield f"Leaf {row.idx} does not fit event {row.seq} of {name}: one of them was changed."
    elif row.prev != previous and seq:
        yield f"Event {row.seq} of {name} does not follow from the event before it."
    elif event_hash(row.prev, row.body.encode()) != row.event_hash:
        yield f"Event {row.seq} of {name} was changed: its hash does not fit what it says."
    walk.reached[row.agreement_id] = (row.seq, row.event_hash or "")


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def _node_problems(ctx: Context, tree: Tree) -> list[str]:
    """Nodes that do not follow from the leaves, or are missing, or are too many."""
    found, number, beyond, after = [], 0, 0, (0, -1)
    with ctx.database.reading() as session:
        while some := stored.every_node(session, after=after):
            for row in some:
                if (row.idx + 1) << row.level > tree.size:
                    beyond += 1
                    continue
                number += 1
                if row.idx < 0 or tree.node(row.level, row.idx).hex() != row.hash:
                    found.append(f"Node {row.idx} of level {row.level} does not follow from the leaves.")
            after = (some[-1].level, some[-1].idx)
        grown = stored.size(session) > tree.size  # leaves that came since they were read
    expected = sum(tree.size >> level for level in range(1, tree.size.bit_length()))
    if (number != expected or (beyond and not grown)) and not found:
        found.append(f"The log keeps {number + beyond} nodes above its leaves; {expected} follow from them.")
    return found


def _own_checkpoints(ctx: Context) -> tuple[list[tuple[str, Note]], list[str]]:
    """Every checkpoint in the database and in the file, read; and what is wrong with them as texts."""
    notes: list[tuple[str, Note]] = []
    problems: list[str] = []
    text = ctx.checkpoint_file.text() if ctx.checkpoint_file is not None else ""
    size, after, known = 0, 0, set()
    while True:
        with ctx.database.reading() as session:
            some = stored.checkpoints(session, after=after)
        for row in some:
            try:
                note = read_note(row.note)
            except BadNote as problem:
                problems.append(f"Checkpoint {row.id} cannot be read: {problem}")
                continue
            said = note.checkpoint
            if (row.size, row.root, row.at) != (said.size, said.root.hex(), datetime.fromisoformat(said.at)):
                problems.append(f"Checkpoint {row.id}: what stands beside it is not what it says.")
            if row.note.strip("\n") in known:
                problems.append(f"Checkpoint {row.id} is another one written again.")
            if said.size < size:
                problems.append(f"Checkpoint {row.id} holds fewer leaves than the one before it.")
            if ctx.checkpoints is not None and not ctx.checkpoints.key_of(row.note):
                problems.append(f"Checkpoint {row.id} is not signed by the key of this log.")
            size = said.size
            known.add(row.note.strip("\n"))
            notes.append((_STORED, note))
        if not some:
            break
        after = some[-1].id
    return notes, problems + _file_problems(text, known, notes)


def _file_problems(text: str, known: set[str], notes: list[tuple[str, Note]]) -> list[str]:
    """What the file of checkpoints says that the database does not. Its notes are added to ``notes``."""
    problems = []
    for block in text.split("\n\n\n"):
        if not block.strip("\n"):
            continue
        try:
            note = read_note(block)
        except BadNote as problem:
            problems.append(f"A checkpoint in the file cannot be read: {problem}")
            continue
        notes.append((_FILE, note))
        if block.strip("\n") not in known:
            problems.append(f"The file holds a checkpoint of {note.checkpoint.at} that the database does not.")
    return problems


def _promise_problems(ctx: Context, tree: Tree, note: Note, where: str, *, judge_key: bool) -> Iterator[str]:
    """Whether the log still is what a checkpoint promised."""
    said = note.checkpoint
    if judge_key and ctx.checkpoints is not None:
        own = read_key_name(ctx.checkpoints.key)
        if said.origin != own:
            yield f"{where} is of another log ({said.origin}); this one is {own}: it was begun anew, or is another."
            return
    if said.size > tree.size:
        yield (f"{where} of {said.at} promises {said.size} leaves, but the log has {tree.size}: its end was cut off.")
    elif tree.root(said.size) != said.root:
        yield (
            f"{where} of {said.at} promises another history: the first {said.size} leaves are no longer what they were."
        )


def read_key_name(key: str) -> str:
    """The name in a public key's line: the log's name."""
    return key.partition("+")[0]


def check_histories(ctx: Context) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(reference, problems) of each agreement, its events replayed against what is stored."""
    with ctx.database.reading() as session:
        references = list(stored.references(session).values())
    for reference in references:
        yield reference, tuple(problem.says for problem in verifying.verify_history(ctx, reference))


def check_daily(ctx: Context, *, hours: int) -> tuple[str, ...]:
    """Check the log where the last check is older; the result is kept for the page. Returns what it found."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        last = settings.log_checked(session)
    if last is not None and datetime.fromisoformat(last["at"]) > now - timedelta(hours=hours):
        return ()
    found = check_log(ctx)
    with ctx.database.writing() as session:
        settings.set_log_checked(
            session, {"at": now.isoformat(), "leaves": found.leaves, "problems": list(found.problems)}
        )
    return found.problems
