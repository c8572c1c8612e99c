"""What the services need of the outside world, as protocols. One rule: the services name no adapter."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import IO, Any, Protocol

from dsa.domain.presentation import PresentedSection


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        ...


class Chance(Protocol):
    """Gives what nobody can guess."""

    def token(self) -> str:
        """A fresh random text of 128 bits or more, letters and digits."""
        ...


class Files(Protocol):
    """A store of bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keep the bytes durably; returns their SHA-256."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes of that SHA-256; raises KeyError-like problems when damaged or absent."""
        ...


class Assembled(Protocol):
    """A large file that is being written piece by piece."""

    @property
    def out(self) -> IO[bytes]:
        """Where the bytes go."""
        ...

    @property
    def name(self) -> str:
        """Its SHA-256, once it is kept."""
        ...

    @property
    def size(self) -> int:
        """Its length in bytes, once it is kept."""
        ...


class Archives(Protocol):
    """A store of large files that can be made again: they are written and read piece by piece."""

    def assembling(self) -> AbstractContextManager[Assembled]:
        """A file to write; it is kept when the block ends well, and nothing is left of it otherwise."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of that SHA-256, piece by piece; raises KeyError where there are none."""
        ...

    def forget(self, name: str) -> None:
        """Remove the file of that SHA-256, if it is there."""
        ...


class Revision(Protocol):
    """A document after one more signature or seal, and what is kept of it."""

    @property
    def data(self) -> bytes:
        """The bytes of the document."""
        ...

    @property
    def level(self) -> str:
        """The level reached: B-B, B-T, B-LT or B-LTA."""
        ...

    @property
    def certificate_serial(self) -> str:
        """The serial number of the certificate."""
        ...

    @property
    def certificate_sha256(self) -> str:
        """The fingerprint of the certificate."""
        ...

    @property
    def time_stamp_authority(self) -> str:
        """Who stamped the time, by name."""
        ...

    @property
    def stamp_expires(self) -> datetime | None:
        """When the certificate of that stamp expires (UTC), where it is known."""
        ...


class Documents(Protocol):
    """Makes, seals and signs documents."""

    def render(
        self,
        content: Mapping[str, Any],
        sections: Sequence[PresentedSection],
        audit: Mapping[str, Any],
        *,
        mark: str = "",
        verify_url: str = "",
    ) -> bytes:
        """The PDF of a frozen version; the same input gives the same bytes.

        ``mark``: "draft" or "superseded" stands across every page; "release" is a copy with words withheld, which
        carries no hash and no attachment. ``verify_url``: the address, printed as text and as
        a picture to scan, at which anybody can check the document.
        """
        ...

    def seal_issue(self, data: bytes) -> bytes:
        """The document with the certifying issue seal."""
        ...

    def sign(
        self,
        data: bytes,
        *,
        field: str,
        post: str,
        organisation: str,
        user_id: str,
        authentication: str,
        evidence_hash: str,
        statement: str,
        authority: str,
        vouched_by: str,
    ) -> Revision:
        """The document with one more personal signature, by a certificate minted for this person and moment."""
        ...

    def record_outside(
        self,
        data: bytes,
        *,
        field: str,
        post: str,
        organisation: str,
        when: str,
        copy_sha256: str,
        confirmed_by: str,
    ) -> Revision:
        """The document with the service's seal in the place of a signature that was made outside this service.

        ``when`` says on which day and how; ``copy_sha256`` is the hash of the uploaded copy.
        """
        ...

    def seal_completion(self, data: bytes) -> Revision:
        """The document with the completion seal."""
        ...

    def refresh(self, data: bytes) -> Revision:
        """A sealed document with new validation data and one more time stamp over all of it."""
        ...


class Post(Protocol):
    """Sends mail."""

    def send(self, *, to: str, subject: str, body: str) -> None:
        """Hand a mail over; raises OSError where the server cannot be had, Refused for one that it does not take."""
        ...


class CheckpointSigner(Protocol):
    """Signs checkpoints of the audit log with a key of its own."""

    @property
    def key(self) -> str:
        """The public key as one line (``domain.checkpoints.read_key``)."""
        ...

    def sign(self, size: int, root: bytes) -> str | None:
        """The signed note that says: at this moment (true time) the log has ``size`` leaves with this root.

        None while whoever holds the key does not answer, or was not given its passphrase: a later turn asks again.
        """
        ...

    def key_of(self, note: str) -> str:
        """Which key of this log, the present one or one before it, signed a note; empty where none did."""
        ...


class CheckpointShelf(Protocol):
    """A file of checkpoints that is only ever added to."""

    def text(self) -> str:
        """Everything in it; empty before the first checkpoint."""
        ...

    def append(self, note: str) -> None:
        """Add a note, durably."""
        ...
