"""``dsa verify --log --checkpoint``: an outsider computes the whole again, and every change has a name."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dsa.adapters.authority import Authority
from dsa.adapters.verification import Verdict, verify
from dsa.cli.verify import command
from dsa.domain.checkpoints import Key
from dsa.domain.merkle import Tree, leaf_hash
from tests.documents import specimens

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def lines(authority: Authority, signed_pdf: bytes) -> Lines:
    """The full log of the signed document."""
    return specimens.full_log(signed_pdf, authority)


def tree_of(lines: Lines) -> Tree:
    return Tree(bytes.fromhex(leaf) for line in lines for leaf in line.get("leaves", ()))


def held(lines: Lines, size: int = 6) -> str:
    """A checkpoint that somebody got when the log was shorter."""
    return specimens.note(tree_of(lines), size)


def failed(found: Verdict) -> set[str]:
    return {check.check for check in found.checks if not check.ok}


def check(authority: Authority, pdf: bytes, lines: Lines | None, kept: str | None = None) -> Verdict:
    return verify(pdf, roots=[authority.root_pem], log=lines, checkpoint=kept)


def test_the_true_log_and_a_true_older_checkpoint_hold(authority: Authority, signed_pdf: bytes, lines: Lines) -> None:
    found = check(authority, signed_pdf, lines, held(lines))
    assert (found.verdict, failed(found)) == ("genuine", set())
    named = {one.check for one in found.checks}
    assert {"log", "log-leaves", "log-checkpoint", "log-signatures", "checkpoint", "record-in-log"} <= named


def test_a_plain_list_of_events_is_still_a_log(authority: Authority, signed_pdf: bytes) -> None:
    longer, shorter = specimens.audit(8)["events"], specimens.audit(3)["events"]
    assert check(authority, signed_pdf, longer).ok
    found = check(authority, signed_pdf, shorter)
    assert failed(found) == {"log"}
    assert found.headline.startswith("Changed: the document does not fit the log")


def _rebuilt(lines: Lines, bodies: Callable[[list[dict[str, Any]]], object]) -> Lines:
    """What an operator writes who changes what happened and then computes everything anew with the same key."""
    told = [copy.deepcopy(line["body"]) for line in lines if "body" in line]
    bodies(told)
    return specimens.log_lines(specimens.chained(told))


def _leaves(lines: Lines) -> list[str]:
    found: list[str] = next(line["leaves"] for line in lines if "leaves" in line)
    return found


def _swap(items: list[Any], one: int, two: int) -> None:
    items[one], items[two] = items[two], items[one]


PLAIN: dict[str, tuple[Callable[[Lines], object], set[str]]] = {
    "an event changed": (lambda log: log[6]["body"].update(kind="x"), {"log"}),
    "an event deleted": (lambda log: log.pop(6), {"log"}),
    "events reordered": (lambda log: _swap(log, 5, 6), {"log"}),
    "the log of another agreement": (
        lambda log: log.__setitem__(slice(None), specimens.log_lines(specimens.chained([{"kind": "other"}] * 7))),
        {"log"},
    ),
    "a line that is nothing": (lambda log: log.append({"x": 1}), {"log"}),
    "a leaf flipped": (
        lambda log: _leaves(log).__setitem__(4, "00" * 32),
        {"log-leaves", "log-checkpoint", "checkpoint"},
    ),
    "another's leaf flipped": (lambda log: _leaves(log).__setitem__(1, "00" * 32), {"log-checkpoint", "checkpoint"}),
    "a leaf deleted": (lambda log: _leaves(log).pop(1), {"log-leaves", "log-checkpoint", "checkpoint"}),
    "a leaf inserted": (
        lambda log: _leaves(log).insert(1, "00" * 32),
        {"log-leaves", "log-checkpoint", "checkpoint"},
    ),
    "leaves reordered": (lambda log: _swap(_leaves(log), 4, 5), {"log-leaves", "log-checkpoint", "checkpoint"}),
    "the end of the leaves cut off": (lambda log: _leaves(log).pop(), {"log-leaves", "log-checkpoint"}),
    "a checkpoint that was touched": (
        lambda log: log[-1].update(checkpoint=log[-1]["checkpoint"].replace("time 2026", "time 2025")),
        {"log-checkpoint"},
    ),
}


@pytest.mark.parametrize("how", PLAIN)
def test_a_change_to_the_log_is_found_and_named(
    how: str, authority: Authority, signed_pdf: bytes, lines: Lines
) -> None:
    change, names = PLAIN[how]
    spoilt = copy.deepcopy(lines)
    change(spoilt)
    found = check(authority, signed_pdf, spoilt, held(lines))
    assert names <= failed(found) <= names | {"checkpoint", "log-checkpoint"}
    assert not found.ok
    assert found.verdict != "genuine"


REWRITTEN: dict[str, tuple[Callable[[list[dict[str, Any]]], object], str]] = {
    "a signature nobody gave": (
        lambda told: told.insert(8, {"kind": "TextSigned", "facts": {"certificate": "1", "post": "A third"}}),
        "that A third signed",
    ),
    "a signature left out": (lambda told: told.pop(7), "has no event"),
    "another certificate": (lambda told: told[7]["facts"].update(certificate="1"), "has no event"),
    "another document issued": (lambda told: told[5]["facts"].update(document_sha256="0" * 64), "was issued"),
    "another document sealed": (lambda told: told[-1]["facts"].update(document_sha256="0" * 64), "was sealed"),
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_a_log_rewritten_after_the_record_does_not_fit_the_signatures(
    how: str, authority: Authority, signed_pdf: bytes, lines: Lines
) -> None:
    change, says = REWRITTEN[how]
    found = check(authority, signed_pdf, _rebuilt(lines, change))
    assert failed(found) == {"log-signatures"}
    assert says in next(one.says for one in found.checks if one.check == "log-signatures")


def test_a_log_rebuilt_with_another_key_does_not_fit_the_sealed_document(
    authority: Authority, signed_pdf: bytes, lines: Lines
) -> None:
    private = Ed25519PrivateKey.generate()
    key = Key(specimens.LOG_KEY.name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    spoilt = copy.deepcopy(lines)
    tree = tree_of(lines)
    spoilt[-1] = {"key": key.text, "checkpoint": specimens.note(tree, tree.size, private=private, key=key)}
    found = check(authority, signed_pdf, spoilt)
    assert failed(found) == {"log-checkpoint"}
    assert "not signed by the key that the document names" in " ".join(one.says for one in found.checks)


def test_an_older_checkpoint_shows_a_history_that_was_rebuilt(
    authority: Authority, signed_pdf: bytes, lines: Lines
) -> None:
    """Everything was computed anew with the right key, another agreement's past included: only a witness finds it."""
    spoilt = copy.deepcopy(lines)
    _leaves(spoilt)[0] = leaf_hash(b"another past").hex()
    tree = tree_of(spoilt)
    spoilt[-1]["checkpoint"] = specimens.note(tree, tree.size)
    assert check(authority, signed_pdf, spoilt).ok
    found = check(authority, signed_pdf, spoilt, held(lines))
    assert failed(found) == {"checkpoint"}
    assert "no longer what they were" in " ".join(one.says for one in found.checks)


def test_a_checkpoint_needs_a_log_and_has_to_be_one(
    signed_file: Path, root_file: Path, tmp_path: Path, lines: Lines
) -> None:
    log, kept, mail = tmp_path / "log.jsonl", tmp_path / "kept.txt", tmp_path / "mail.txt"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    kept.write_text(held(lines))
    mail.write_text(f"Keep this message.\n\n----\n{held(lines)}----\n\nThis message comes from us.\n")

    def run(*more: object) -> tuple[int, dict[str, str]]:
        done = CliRunner().invoke(command, [str(each) for each in (signed_file, "--root", root_file, "--json", *more)])
        checks = json.loads(done.output)["checks"]
        return done.exit_code, {one["check"]: one["says"] for one in checks if not one["ok"]}

    assert run("--log", log, "--checkpoint", kept) == (0, {})
    assert run("--log", log, "--checkpoint", mail) == (0, {})
    other = specimens.note(Tree([b"1" * 32] * 3), 3)
    newest = str(lines[-1]["checkpoint"])
    kept.write_text("".join(f"{note}\n\n" for note in (held(lines), newest)))  # as checkpoints.txt is written
    assert run("--log", log, "--checkpoint", kept) == (0, {})
    kept.write_text("".join(f"{note}\n\n" for note in (held(lines), other, newest)))
    code, wrong = run("--log", log, "--checkpoint", kept)
    assert (code, "no longer what they were" in wrong["checkpoint"]) == (1, True)
    code, wrong = run("--checkpoint", kept)
    assert (code, set(wrong)) == (1, {"checkpoint"})
    kept.write_text("something else")
    code, wrong = run("--log", log, "--checkpoint", kept)
    assert "cannot be read" in wrong["checkpoint"]
