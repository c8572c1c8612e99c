"""Checkpoints of the audit log, as a signed note. One rule: the text that is signed says everything that it promises.

A checkpoint is four lines: the log's name (origin), how many leaves it had, the root over them in base64, and when it
was made. After an empty line follow signatures: a dash, the name of the key, and its id with an Ed25519 signature over
the four lines. Text of this form can be sent by mail, printed and read over the telephone.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NAME = re.compile(r"[!-*,-~]{1,100}")  # printable, no space, no plus sign
_SIZE = re.compile(r"0|[1-9]\d{0,14}")
_ED25519 = b"\x01"
_PUBLIC_KEY_INFO = bytes.fromhex("302a300506032b6570032100")  # what stands before the 32 bytes of an Ed25519 key
_DASH = "\N{EM DASH}"


class BadNote(ValueError):
    """The text is no checkpoint, or no key; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log promised: it had ``size`` leaves with this root. ``at`` is UTC, to the second, with Z."""

    origin: str
    size: int
    root: bytes
    at: str

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\ntime {self.at}\n"


@dataclass(frozen=True, slots=True)
class Key:
    """The public key of a log: its name and 32 bytes of Ed25519."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that name the key in a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as one line: its name, its id, and the key in base64."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @property
    def pem(self) -> str:
        """The key as other programs read it (SubjectPublicKeyInfo, RFC 8410)."""
        encoded = base64.b64encode(_PUBLIC_KEY_INFO + self.public).decode()
        return f"-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with its signatures: (name of the key, id of the key, signature)."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signature_of(self, key: Key) -> bytes | None:
        """The signature that this key is said to have made, or None."""
        return next((made for name, id_, made in self.signatures if (name, id_) == (key.name, key.id)), None)


def note_text(checkpoint: Checkpoint, key: Key, signature: bytes) -> str:
    """The signed note as it is kept and sent."""
    return f"{checkpoint.body}\n{_DASH} {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def read_key(text: str) -> Key:
    """The key of one line. Raises BadNote."""
    parts = text.strip().split("+", 2)
    data = _decoded(parts[2]) if len(parts) == 3 else b""
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]) or data[:1] != _ED25519 or len(data) != 33:
        raise BadNote("This is not the public key of an audit log: name, id and Ed25519 key, with plus signs between.")
    key = Key(parts[0], data[1:])
    if parts[1] != key.id.hex():
        raise BadNote("The public key of the audit log does not fit its own id: it was damaged or changed.")
    return key


def read_note(text: str) -> Note:
    """The checkpoint in a text; what stands before its first line is not allowed. Raises BadNote."""
    body, _, rest = text.replace("\r\n", "\n").strip("\n").partition("\n\n")
    lines = body.split("\n")
    if len(lines) != 4 or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise BadNote("This is not a checkpoint: it does not begin with the log's name, a number of leaves and a root.")
    when = lines[3].removeprefix("time ")
    root = _decoded(lines[2])
    if len(root) != 32 or lines[3] == when or not _TIME.fullmatch(when):
        raise BadNote("This checkpoint is damaged: its root or its time cannot be read.")
    checkpoint = Checkpoint(lines[0], int(lines[1]), root, when)
    return Note(checkpoint, tuple(_signature(line) for line in rest.split("\n") if line.strip()))


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    data = _decoded(parts[2]) if len(parts) == 3 else b""
    if len(parts) != 3 or parts[0] != _DASH or len(data) < 5:
        raise BadNote("A signature line of this checkpoint cannot be read.")
    return parts[1], data[:4], data[4:]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def notes_in(text: str) -> list[Note]:
    """Every checkpoint in a file to which notes were only ever added, oldest first. Raises BadNote."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n\n") if block.strip("\n")]
    return [read_note(block) for block in blocks]
