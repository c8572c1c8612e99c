"""The key of the audit log behind the signer: which checkpoints it signs, whose, and what happens without it."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dsa.adapters.authority import Authority
from dsa.adapters.checkpoint_asking import AskedLogSigner
from dsa.adapters.checkpoints import LogSigner
from dsa.adapters.keys import KeyRefused, SignerUnavailable
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_service import SignerService
from dsa.config import Settings
from dsa.domain.checkpoints import read_note
from dsa.domain.errors import Refused

ROOT = b"r" * 32


@contextmanager
def signer(settings: Settings, authority: Authority, log: LogSigner) -> Iterator[SignerClient]:
    """A signer that holds this key, answering where the settings say."""
    service = SignerService(
        settings.signer_address, lambda: authority, checkpoints=log, accounts=frozenset({authority.keys.stat().st_uid})
    )
    answering = threading.Thread(target=service.serve)
    answering.start()
    try:
        yield SignerClient(settings.signer_address, starting_seconds=10)
    finally:
        while not settings.signer_address.exists():
            pass
        service.stop()
        answering.join(10)


def quick(settings: Settings) -> AskedLogSigner:
    """Somebody who asks and does not wait for a signer that is not there."""
    asking = AskedLogSigner(settings)
    asking._client = SignerClient(settings.signer_address, starting_seconds=0.5)
    return asking


def test_the_key_of_an_installation_stays_where_it_is_and_goes_on_signing(
    asking: Settings, authority: Authority
) -> None:
    before = LogSigner(asking.data_dir, demo=True)
    old = before.sign(1, ROOT)
    assert old is not None
    with signer(asking, authority, LogSigner(asking.data_dir, demo=True)):
        asked = quick(asking)
        new = asked.sign(2, ROOT)
    assert new is not None
    assert asked.key == asked.key_of(old) == before.key_of(new) == before.key
    assert (read_note(new).checkpoint.size, read_note(new).checkpoint.root) == (2, ROOT)


def test_while_the_signer_does_not_answer_no_checkpoint_is_made_and_the_key_is_still_shown(
    asking: Settings, authority: Authority
) -> None:
    asked = quick(asking)
    assert asked.sign(1, ROOT) is None
    with pytest.raises(Refused, match="does not answer"):
        _ = asked.key
    with signer(asking, authority, LogSigner(asking.data_dir, demo=True)):
        note = asked.sign(1, ROOT)
    assert note is not None
    assert quick(asking).key_of(note)


def test_a_signer_with_another_key_is_refused_and_makes_none(
    asking: Settings, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = LogSigner(asking.data_dir, demo=True)
    assert own.key
    apart = tmp_path / "keys-account"
    with signer(asking, authority, LogSigner(apart, demo=True)):
        assert quick(asking).sign(1, ROOT) is None
        assert "Move the directory checkpoint-key" in caplog.text
        assert not (apart / "checkpoint-key").exists(), "it made a key of its own for a log that has one"
        apart.mkdir()
        shutil.move(asking.data_dir / "checkpoint-key", apart / "checkpoint-key")
        moved = quick(asking).sign(1, ROOT)
        assert moved is not None
        assert quick(asking).key_of(moved)


@pytest.mark.parametrize(
    ("size", "root"), [(0, ROOT), (-1, ROOT), (True, ROOT), ("7", ROOT), (10**15, ROOT), (1, b"short"), (1, b"")]
)
def test_it_signs_checkpoints_and_nothing_else(size: int, root: bytes, asking: Settings, authority: Authority) -> None:
    log = LogSigner(asking.data_dir, demo=True)
    with signer(asking, authority, log) as client, pytest.raises(KeyRefused, match="number of leaves"):
        client.checkpoint(size, root, log.key)


def test_a_signer_without_the_passphrase_or_of_the_other_mode_says_so(asking: Settings, authority: Authority) -> None:
    key = LogSigner(asking.data_dir, demo=True, passphrase="right").key
    for log, said in (
        (LogSigner(asking.data_dir, demo=True), "not given the passphrase"),
        (LogSigner(asking.data_dir, demo=True, passphrase="wrong"), "cannot be opened"),
        (LogSigner(asking.data_dir, demo=False, passphrase="right"), "demonstration"),
    ):
        with signer(asking, authority, log) as client, pytest.raises(SignerUnavailable, match=said):
            client.checkpoint(1, ROOT, key)


def test_right_after_a_change_what_the_earlier_key_signed_needs_no_signer(asking: Settings) -> None:
    own = LogSigner(asking.data_dir, demo=True)
    note = own.sign(1, ROOT)
    assert note is not None
    shutil.rmtree(asking.data_dir / "checkpoint-key")
    (asking.data_dir / "checkpoint.pub").rename(asking.data_dir / "checkpoint-earlier.pub")
    assert quick(asking).key_of(note) == own.key


def test_a_note_that_says_something_else_than_was_asked_is_not_taken(asking: Settings, authority: Authority) -> None:
    log = LogSigner(asking.data_dir, demo=True)
    asked = quick(asking)
    with signer(replace(asking), authority, log) as client:
        other = client.checkpoint(9, ROOT, log.key)

    class Lying(SignerClient):
        def checkpoint(self, size: int, root: bytes, key: str) -> str:
            return other

    asked._client = Lying(asking.signer_address)
    assert asked.sign(1, ROOT) is None
    assert asked.sign(9, b"s" * 32) is None
    assert asked.sign(9, ROOT) == other


def test_the_inventory_names_it_with_its_dates_once_there_is_one(asking: Settings, authority: Authority) -> None:
    log = LogSigner(asking.data_dir, demo=True)
    with signer(asking, authority, log) as client:
        assert "checkpoint" not in {each.name for each in client.inventory()}
        assert log.key
        found = next(each for each in client.inventory() if each.name == "checkpoint")
    assert found.algorithm == "Ed25519"
    assert found.rotate_by is not None
    assert (found.rotate_by - found.created).days == 1_825
    assert "checkpoint-key/key.pem" in found.kept
