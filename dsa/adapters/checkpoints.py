"""The key that signs checkpoints of the audit log, and the file that they are written to.

One rule: the key signs checkpoints and nothing else, and a demonstration's key never signs for a real log. Only the
signer process opens it (commands that end by themselves apart); a service asks (``checkpoint_asking``).
"""

import datetime as dt
import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from dsa.adapters.certificates import true_time
from dsa.adapters.keys import KeyRecord
from dsa.config import BadSettings
from dsa.domain.checkpoints import BadNote, Checkpoint, Key, Note, note_text, read_key, read_note

PUBLISHED, EARLIER = "checkpoint.pub", "checkpoint-earlier.pub"
_DIRECTORY, _KEY, _PASSPHRASE, _PUBLIC = "checkpoint-key", "key.pem", "passphrase", "key.pub"
_EXAMPLE = "EXAMPLE-"
ROTATE_DAYS = 1_825


class CheckpointKeyUnusable(BadSettings):
    """The key cannot be opened: the sentence says why and what to do (exit 2)."""

    def __init__(self, sentence: str) -> None:
        super().__init__([sentence])


def signed_by(note: Note, key: Key) -> bool:
    """Whether this key signed the note, and the note is of the log that the key is named after."""
    signature = note.signature_of(key)
    if signature is None or note.checkpoint.origin != key.name:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, note.checkpoint.body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


class LogSigner:
    """Signs the checkpoints of one installation; its key is made on first use, apart from every other key."""

    def __init__(self, data_dir: Path, *, demo: bool, passphrase: str | None = None) -> None:
        self._data_dir, self._demo, self._passphrase = data_dir, demo, passphrase
        self._key: Key | None = None
        self._opened: Ed25519PrivateKey | None = None
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        """The public key as one line; the private key is not opened for it."""
        return self._public().text

    def sign(self, size: int, root: bytes) -> str | None:
        """The signed note that says: at this moment (true time) the log has ``size`` leaves with this root.

        None in a process that was not given the passphrase of the key. Raises CheckpointKeyUnusable.
        """
        key, private = self._public(), self._private()
        if private is None:
            return None
        at = true_time().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        checkpoint = Checkpoint(key.name, size, root, at)
        return note_text(checkpoint, key, private.sign(checkpoint.body.encode()))

    def key_of(self, note: str) -> str:
        """See ``CheckpointSigner.key_of``."""
        return known_key(self._data_dir, lambda: self.key, note)

    def holds(self, key: str) -> bool:
        """Whether the key here is the one with this public key; makes none where there is none. Raises BadNote."""
        return (self._data_dir / _DIRECTORY / _KEY).exists() and self._public() == read_key(key)

    def inventory(self) -> list[KeyRecord]:
        """The key as the inventory shows it; empty before the first checkpoint. No private key is opened."""
        path = self._data_dir / _DIRECTORY / _KEY
        if not path.exists():
            return []
        made = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).replace(microsecond=0)
        return [
            KeyRecord(
                "checkpoint", "Signs the checkpoints of the audit log", "Ed25519", made, None,
                made + dt.timedelta(days=ROTATE_DAYS), f"encrypted file {_DIRECTORY}/{_KEY} of the signer process",
                "in use", hashlib.sha256(self._public().public).hexdigest(),
            )
        ]  # fmt: skip

    def _public(self) -> Key:
        with self._lock:
            if self._key is None:
                place = self._data_dir / _DIRECTORY
                if not (place / _KEY).exists():
                    self._create(place)
                key = read_key((place / _PUBLIC).read_text("utf-8"))
                if key.name.startswith(_EXAMPLE) != self._demo:
                    raise CheckpointKeyUnusable(
                        f"The key in {place} is that of {'a real log' if self._demo else 'a demonstration'}, so it "
                        "cannot be used here. Use another DSA_DATA_DIR."
                    )
                publish(self._data_dir, key)
                self._key = key
            return self._key

    def _private(self) -> Ed25519PrivateKey | None:
        with self._lock:
            if self._opened is None:
                self._opened = self._loaded(self._data_dir / _DIRECTORY)
            return self._opened

    def _create(self, place: Path) -> None:
        """Make the key aside and put it in place in one step; whoever comes second keeps what the first made."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        making = self._data_dir / f"{_DIRECTORY}.new-{os.getpid()}-{secrets.token_hex(4)}"
        making.mkdir(mode=0o700)
        try:
            private = Ed25519PrivateKey.generate()
            secret = self._passphrase or secrets.token_urlsafe(32)
            if self._passphrase is None:
                _write(making / _PASSPHRASE, secret.encode())
            encryption = BestAvailableEncryption(secret.encode())
            _write(making / _KEY, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
            public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            begun = earlier_keys(self._data_dir)  # another key of the same log goes on under the log's name
            name = begun[-1].name if begun else f"{_EXAMPLE if self._demo else ''}dsa-log-{secrets.token_hex(6)}"
            _write(making / _PUBLIC, Key(name, public).text.encode())
            os.rename(making, place)
        except OSError:
            if not (place / _KEY).exists():
                raise
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _loaded(self, place: Path) -> Ed25519PrivateKey | None:
        for path in sorted(place.iterdir()):
            if path.stat().st_mode & 0o077:
                raise CheckpointKeyUnusable(f"Others on this machine can read or change {path}. Run: chmod 600 {path}")
        secret = (self._passphrase or "").encode()
        if (place / _PASSPHRASE).exists():
            secret = (place / _PASSPHRASE).read_bytes().strip()
        if not secret:
            return None
        try:
            private = load_pem_private_key((place / _KEY).read_bytes(), secret)
        except (ValueError, TypeError) as error:
            raise CheckpointKeyUnusable(
                f"The key {place / _KEY} cannot be opened. Set DSA_KEY_PASSPHRASE to the passphrase that it was made "
                "with, or put the whole directory back from its backup."
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise CheckpointKeyUnusable(f"The file {place / _KEY} does not hold a key of the audit log.")
        return private


def earlier_keys(data_dir: Path) -> list[Key]:
    """The public keys that this log had before its present one, oldest first. Raises BadNote for a damaged line."""
    path = data_dir / EARLIER
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [read_key(line) for line in lines if line.strip()]


def known_key(data_dir: Path, present: Callable[[], str], note: str) -> str:
    """Which key of this log, one before the present or that, signed a note; empty where none did.

    ``present`` is asked only where no earlier key did: right after a change nobody may know the new one yet.
    """
    try:
        found = read_note(note)
        earlier = next((key.text for key in earlier_keys(data_dir) if signed_by(found, key)), "")
        return earlier or (present() if signed_by(found, read_key(present())) else "")
    except BadNote:
        return ""


def publish(data_dir: Path, key: Key) -> None:
    """Write the public key where everybody may read it, in one step."""
    target = data_dir / PUBLISHED
    if not target.exists() or target.read_text("utf-8").strip() != key.text:
        partial = data_dir / f"{PUBLISHED}.{os.getpid()}.{secrets.token_hex(4)}"
        partial.write_text(key.text + "\n", "utf-8")
        os.replace(partial, target)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


class CheckpointFile:
    """The file of checkpoints, ``DSA_DATA_DIR/checkpoints.txt``: only ever added to, so that it can be copied away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def text(self) -> str:
        """Everything in it; empty before the first checkpoint."""
        return self._path.read_text("utf-8") if self._path.exists() else ""

    def append(self, note: str) -> None:
        """Add a note and have it on the disk before returning."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, f"{note}\n\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
