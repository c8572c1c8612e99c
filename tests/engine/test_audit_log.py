"""The audit log over all agreements: gapless, checked against everything, and told to people outside."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from dsa.adapters.checkpoints import CheckpointFile, CheckpointKeyUnusable, LogSigner, signed_by
from dsa.domain.checkpoints import BadNote, Key, note_text, notes_in, read_key, read_note
from dsa.domain.integrity import GENESIS, canonical, event_hash
from dsa.persistence import audit_log as stored
from dsa.persistence import outbox
from dsa.services import audit_checking, audit_log, checkpoints_page, evidence
from tests.engine.test_history_is_append_only import run
from tests.engine.town import Town


@pytest.fixture
def signed_town(town: Town, tmp_path: Path) -> Town:
    """The town with a key for its log and a file of checkpoints."""
    return with_log(town, tmp_path, "own")


def with_log(town: Town, place: Path, name: str) -> Town:
    """The town with a key and a file of that name."""
    signer, shelf = LogSigner(place / name, demo=True), CheckpointFile(place / f"{name}.txt")
    town.ctx = replace(town.ctx, checkpoints=signer, checkpoint_file=shelf)
    return town


def problems(town: Town, *held: str) -> str:
    return " ".join(audit_checking.check_log(town.ctx, held=held).problems)


def newest(town: Town) -> str:
    with town.ctx.database.reading() as session:
        row = stored.newest_checkpoint(session)
    assert row is not None
    return row.note


def test_every_event_has_its_place_and_a_checkpoint_follows_each_signature(signed_town: Town) -> None:
    town = signed_town
    first, second = town.start(), town.start("AAC", "AAB")
    town.bring_to(first, "review")
    assert audit_log.keep_log(town.ctx).checkpoint is None, "nothing was signed and no hour has passed"
    assert audit_log.keep_log(town.ctx, due=True).checkpoint == 1
    assert audit_log.keep_log(town.ctx, due=True) == audit_log.Kept(0, None), "nothing happened since"
    town.bring_to(second, "first_look")
    town.bring_to(first, "sign_off")
    town.carry_out()
    before = audit_log.keep_log(town.ctx).checkpoint
    town.sign(first, "sign:aaa")
    kept = audit_log.keep_log(town.ctx)
    assert (kept.leaves, kept.checkpoint) == (1, (before or 0) + 1)
    found = audit_checking.check_log(town.ctx)
    assert (found.problems, found.waiting) == ((), 0)
    with town.ctx.database.reading() as session:
        assert found.leaves == stored.events_in_all(session)
        for reference in (first, second):
            head = town.loaded(reference).head
            assert sorted(stored.places_of(session, head.id)) == list(range(1, head.head_seq + 1))
    assert len(notes_in(town.ctx.checkpoint_file.text())) == kept.checkpoint  # type: ignore[union-attr]


def test_the_evidence_proves_where_each_event_stands(signed_town: Town) -> None:
    from dsa.domain.merkle import leaf_hash, root_by_inclusion

    town = signed_town
    reference = town.bring_to(town.start(), "review")
    audit_log.keep_log(town.ctx, due=True)
    town.decide(reference, town.open_tasks(reference)[0])
    with town.ctx.database.reading() as session:
        audit = evidence.audit_of(town.ctx, session, town.loaded(reference))
    log = audit["log"]
    promised = read_note(log["checkpoint"]).checkpoint
    assert [proof["seq"] for proof in log["proofs"]] == [event["seq"] for event in audit["events"]][:-1]
    for proof, event in zip(log["proofs"], audit["events"], strict=False):
        path = [bytes.fromhex(hashed) for hashed in proof["path"]]
        leaf = leaf_hash(bytes.fromhex(event["hash"]))
        assert root_by_inclusion(leaf, proof["index"], promised.size, path) == promised.root
    assert signed_by(read_note(log["checkpoint"]), read_key(log["key"]))


def test_two_processes_at_once_give_each_event_one_place(signed_town: Town) -> None:
    town = signed_town
    for _ in range(4):
        town.start()
    barrier, failed = Barrier(4), []

    def work() -> None:
        barrier.wait()
        try:
            audit_log.keep_log(town.ctx, due=True)
        except Exception as problem:  # told by the assertion below
            failed.append(problem)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = audit_checking.check_log(town.ctx)
    assert (found.problems, found.waiting) == ((), 0)


def _sql(*statements: str) -> Callable[[Town], None]:
    def tamper(town: Town) -> None:
        for statement in statements:
            run(town, statement)

    return tamper


TAMPERINGS = {
    "a leaf flipped": (
        _sql("UPDATE audit_leaves SET hash = substr(hash, 3) || 'ff' WHERE idx = 7"),
        "Leaf 7 does not fit",
    ),
    "a leaf that is no hash": (_sql("UPDATE audit_leaves SET hash = 'x' WHERE idx = 7"), "Leaf 7 does not fit"),
    "a leaf deleted": (_sql("DELETE FROM audit_leaves WHERE idx = 7"), "Leaf 7 is missing"),
    "a leaf inserted": (
        _sql(
            "UPDATE audit_leaves SET idx = idx + 1000 WHERE idx >= 7",
            "UPDATE audit_leaves SET idx = idx - 999 WHERE idx >= 1000",
            "INSERT INTO audit_leaves (idx, agreement_id, seq, hash) SELECT 7, agreement_id, 99, hash "
            "FROM audit_leaves WHERE idx = 3",
        ),
        "Leaf 7 is event 99",
    ),
    "two leaves in another order": (
        _sql(
            "UPDATE audit_leaves SET idx = 1000 WHERE idx = 5",
            "UPDATE audit_leaves SET idx = 5 WHERE idx = 6",
            "UPDATE audit_leaves SET idx = 6 WHERE idx = 1000",
        ),
        "is the next of it",
    ),
    "the end cut off": (
        _sql("DELETE FROM audit_leaves WHERE idx > (SELECT max(idx) - 3 FROM audit_leaves)"),
        "its end was cut off",
    ),
    "a node changed": (_sql("UPDATE audit_nodes SET hash = 'x' WHERE level = 2 AND idx = 0"), "Node 0 of level 2"),
    "a node deleted": (_sql("DELETE FROM audit_nodes WHERE level = 1 AND idx = 2"), "nodes above its leaves"),
    "a checkpoint changed": (
        _sql("UPDATE checkpoints SET root = 'x' WHERE id = 1"),
        "Checkpoint 1: what stands beside it",
    ),
    "a checkpoint's text changed": (
        _sql("UPDATE checkpoints SET note = replace(note, 'time 2', 'time 1') WHERE id = 1"),
        "Checkpoint 1 is not signed by the key",
    ),
    "a checkpoint deleted": (_sql("DELETE FROM checkpoints WHERE id = 1"), "that the database does not"),
    "an event changed": (_sql("UPDATE events SET body = replace(body, 'Started', 'Begun')"), "was changed"),
    "an event deleted": (_sql("DELETE FROM events WHERE seq = 4"), "which is not there"),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_any_change_to_the_log_is_found_and_named(small_town: Town, tmp_path: Path, how: str) -> None:
    town = with_log(small_town, tmp_path, "own")
    town.bring_to(town.start(), "text_agreed")
    audit_log.keep_log(town.ctx, due=True)
    assert problems(town) == ""
    _no_triggers(town)
    tamper, says = TAMPERINGS[how]
    tamper(town)
    assert says in problems(town)


def _no_triggers(town: Town) -> None:
    tables = ("events", "audit_leaves", "audit_nodes", "checkpoints")
    if town.ctx.database.is_sqlite:
        with town.ctx.database.reading() as session:
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        statements = [f"DROP TRIGGER {name}" for name in names]
    else:
        statements = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in tables]
    for statement in statements:
        run(town, statement)


def test_a_log_rebuilt_with_another_key_is_found_by_whoever_holds_an_older_checkpoint(
    signed_town: Town, tmp_path: Path
) -> None:
    town = signed_town
    town.bring_to(town.start(), "drafting")
    audit_log.keep_log(town.ctx, due=True)
    held = newest(town)
    town.bring_to(town.start(), "drafting")
    assert problems(town, held) == "", "an older checkpoint stays good as the log grows"

    _no_triggers(town)
    for table in ("audit_leaves", "audit_nodes", "checkpoints"):
        run(town, f"DELETE FROM {table}")
    with_log(town, tmp_path, "another")
    audit_log.keep_log(town.ctx, due=True)
    assert problems(town) == "", "alone it looks whole: that is why checkpoints go outside"
    assert "is of another log" in problems(town, held)


def test_a_log_rewritten_with_the_same_key_is_found_by_whoever_holds_an_older_checkpoint(
    signed_town: Town, tmp_path: Path
) -> None:
    town = signed_town
    town.bring_to(town.start(), "drafting")
    audit_log.keep_log(town.ctx, due=True)
    held = newest(town)
    _no_triggers(town)
    for table in ("audit_leaves", "audit_nodes", "checkpoints"):
        run(town, f"DELETE FROM {table}")
    _rewrite_from_the_second_event(town)
    (tmp_path / "own.txt").unlink()
    audit_log.keep_log(town.ctx, due=True)
    assert problems(town) == "", "alone it looks whole"
    assert "promises another history" in problems(town, held)


def _rewrite_from_the_second_event(town: Town) -> None:
    """Another story in event 2, and every later hash made to fit: what an operator with the whole database can do."""
    with town.ctx.database.reading() as session:
        rows = session.execute(text("SELECT seq, body FROM events WHERE agreement_id = 1 ORDER BY seq")).all()
    prev = GENESIS
    for row in rows:
        body = json.loads(row.body)
        if row.seq == 2:
            body["facts"] = {**body.get("facts", {}), "another": "story"}
        data = canonical(body)
        digest = event_hash(prev, data)
        values = {"b": data.decode(), "p": prev, "h": digest, "s": row.seq}
        run(town, "UPDATE events SET body = :b, prev = :p, hash = :h WHERE agreement_id = 1 AND seq = :s", **values)
        prev = digest
    run(town, "UPDATE agreements SET head_hash = :h WHERE id = 1", h=prev)


def test_a_check_while_the_service_goes_on_finds_nothing_wrong(signed_town: Town) -> None:
    town = signed_town
    town.bring_to(town.start(), "review")
    audit_log.keep_log(town.ctx, due=True)

    def meanwhile(_done: int, _of: int) -> None:
        town.bring_to(town.start(), "drafting")
        audit_log.keep_log(town.ctx, due=True)

    assert audit_checking.check_log(town.ctx, progress=meanwhile).problems == ()


def test_sealing_sends_the_checkpoint_to_somebody_at_each_party(signed_town: Town) -> None:
    town = signed_town
    reference = town.start()
    audit_log.keep_log(town.ctx, due=True)
    run(town, "UPDATE organisations SET contact_email = 'records@aab.example' WHERE code = 'AAB'")
    town.bring_to(reference, "signed")
    town.carry_out()
    number = audit_log.keep_log(town.ctx).checkpoint
    town.carry_out()
    town.carry_out()
    with town.ctx.database.reading() as session:
        waiting = outbox.unsent(session, stale=town.ctx.clock.now(), limit=500)
        mails = [mail for mail in waiting if mail.link == f"/checkpoints/{number}"]
    assert len(mails) == 2
    assert "records@aab.example" in {mail.address for mail in mails}
    assert newest(town) in mails[0].body
    assert read_note(mails[0].body.split("----\n")[1]) == read_note(newest(town))
    assert "Travel counts" not in mails[0].body


def test_the_key_is_made_once_and_a_demonstrations_never_signs_a_real_log(tmp_path: Path) -> None:
    signer = LogSigner(tmp_path, demo=True)
    note = signed(signer, 1)
    assert LogSigner(tmp_path, demo=True).key_of(note)
    assert read_note(note).checkpoint.origin.startswith("EXAMPLE-")
    assert (tmp_path / "checkpoint.pub").read_text().strip() == signer.key
    with pytest.raises(CheckpointKeyUnusable, match="demonstration"):
        LogSigner(tmp_path, demo=False).sign(1, b"r" * 32)
    place = tmp_path / "set"
    signed(LogSigner(place, demo=True, passphrase="right"), 1)
    with pytest.raises(CheckpointKeyUnusable, match="cannot be opened"):
        LogSigner(place, demo=True, passphrase="wrong").sign(1, b"r" * 32)
    elsewhere = LogSigner(place, demo=True)
    assert elsewhere.key, "who only shows the key needs no passphrase"
    assert elsewhere.sign(1, b"r" * 32) is None
    (tmp_path / "checkpoint-key" / "key.pem").chmod(0o644)
    with pytest.raises(CheckpointKeyUnusable, match="chmod 600"):
        LogSigner(tmp_path, demo=True).sign(1, b"r" * 32)


def test_a_new_key_goes_on_with_the_same_log_and_what_the_old_one_signed_stands(town: Town, tmp_path: Path) -> None:
    town = with_log(town, tmp_path, "own")
    reference, place = town.start(), tmp_path / "own"
    audit_log.keep_log(town.ctx, due=True)
    held, old = newest(town), (place / "checkpoint.pub").read_text()
    shutil.rmtree(place / "checkpoint-key")
    (place / "checkpoint.pub").rename(place / "checkpoint-earlier.pub")
    town = with_log(town, tmp_path, "own")
    with town.ctx.database.reading() as session:
        said = evidence.log_of(town.ctx, session, town.loaded(reference).head.id, [1])
    assert said is not None
    assert said["key"] == old.strip(), "a checkpoint goes with the key that signed it"
    town.bring_to(reference, "first_look")
    audit_log.keep_log(town.ctx, due=True)
    assert read_note(newest(town)).checkpoint.origin == read_note(held).checkpoint.origin
    assert signed_by(read_note(newest(town)), read_key((place / "checkpoint.pub").read_text()))
    assert not signed_by(read_note(newest(town)), read_key(old))
    assert problems(town, held) == ""
    (place / "checkpoint-earlier.pub").unlink()
    assert "Checkpoint 1 is not signed by the key of this log." in problems(town)


class SlowSigner:
    """A signer that is asked elsewhere: while it is, somebody else may do ``meanwhile``; then it gives ``note``."""

    def __init__(self, own: LogSigner, meanwhile: Callable[[], object], *, answers: bool) -> None:
        self._own, self._meanwhile, self._answers = own, meanwhile, answers

    @property
    def key(self) -> str:
        return self._own.key

    def sign(self, size: int, root: bytes) -> str | None:
        self._meanwhile()
        return self._own.sign(size, root) if self._answers else None

    def key_of(self, note: str) -> str:
        return self._own.key_of(note)


def test_nobody_waits_while_the_signer_is_asked_and_of_two_checkpoints_of_one_moment_one_stays(
    town: Town, tmp_path: Path
) -> None:
    own = LogSigner(tmp_path, demo=True)
    quick = replace(town.ctx, checkpoints=own)
    town.bring_to(town.start(), "drafting")
    down = replace(town.ctx, checkpoints=SlowSigner(own, lambda: town.start("AAC", "AAB"), answers=False))
    assert audit_log.keep_log(down, due=True).checkpoint is None, "the log is kept, the checkpoint waits"
    slow = SlowSigner(own, lambda: audit_log.keep_log(quick, due=True), answers=True)
    assert audit_log.keep_log(replace(town.ctx, checkpoints=slow), due=True).checkpoint is None
    with town.ctx.database.reading() as session:
        assert [row.id for row in stored.checkpoints(session, after=0)] == [1]
    assert audit_checking.check_log(quick).problems == ()


def signed(signer: LogSigner, size: int) -> str:
    note = signer.sign(size, b"r" * 32)
    assert note is not None
    return note


def test_a_note_that_was_touched_is_not_vouched_for(tmp_path: Path) -> None:
    signer, other = LogSigner(tmp_path / "a", demo=True), LogSigner(tmp_path / "b", demo=True)
    note, key = signed(signer, 12), read_key(signer.key)
    assert signed_by(read_note(note), key)
    assert not signed_by(read_note(note.replace("\n12\n", "\n13\n")), key)
    assert not signed_by(read_note(note), read_key(other.key))
    said = read_note(note).checkpoint
    forged = note_text(said, Key(key.name, key.public), read_note(signed(other, 12)).signatures[0][2])
    assert not signed_by(read_note(forged), key)
    for bad in ("", "x", note.replace("time ", "when "), note.replace("\n12\n", "\nmany\n"), note[:30]):
        with pytest.raises(BadNote):
            read_note(bad)
    with pytest.raises(BadNote, match="does not fit its own id"):
        read_key(signer.key.replace(key.id.hex(), "00000000"))


def test_anybody_can_ask_that_a_longer_log_continues_a_shorter(signed_town: Town) -> None:
    from dsa.domain.merkle import is_consistent

    town = signed_town
    town.bring_to(town.start(), "drafting")
    audit_log.keep_log(town.ctx, due=True)
    old = read_note(newest(town)).checkpoint
    town.bring_to(town.start(), "drafting")
    audit_log.keep_log(town.ctx, due=True)
    new = read_note(newest(town)).checkpoint
    proof = checkpoints_page.consistency(town.ctx, old.size, new.size)["proof"]
    assert is_consistent(old.size, old.root, new.size, new.root, [bytes.fromhex(hashed) for hashed in proof])
