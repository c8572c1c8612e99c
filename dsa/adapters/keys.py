"""What a private key can be asked for, wherever it is kept. One rule: a key is named and used, never handed out.

The same protocol is met by the authority in this process (commands that end by themselves, tests) and by the signer
process, which every running service asks (``signer_client``).
"""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dsa.adapters.certificates import Credential


class SignerUnavailable(OSError):
    """Whoever keeps the keys does not answer, or answers what cannot be used; nothing was signed."""


class KeyRefused(Exception):
    """Whoever keeps the keys will not do this; the sentence says why."""


class Signer(Protocol):
    """A private key that may live elsewhere: in another process or a hardware module. It signs once."""

    @property
    def certificate(self) -> bytes:
        """The certificate of the key, DER."""
        ...

    @property
    def chain(self) -> Sequence[bytes]:
        """DER certificates, the issuing authority first, the root last."""
        ...

    def sign(self, data: bytes) -> bytes:
        """An ECDSA P-256 signature (DER) over SHA-256 of ``data``; the key is destroyed with it."""
        ...


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as the inventory shows it. ``kept`` says where; ``status`` is in use, apart, not here or retired."""

    name: str
    purpose: str
    algorithm: str
    created: dt.datetime
    expires: dt.datetime | None
    rotate_by: dt.datetime | None
    kept: str
    status: str
    fingerprint: str

    def as_json(self) -> dict[str, Any]:
        """The record as the signer process sends it."""
        return {
            name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "KeyRecord":
        """The record that ``as_json`` made."""
        dates = {name: dt.datetime.fromisoformat(row[name]) if row[name] else None for name in _DATES}
        return cls(**{**row, **dates})


_DATES = ("created", "expires", "rotate_by")


class KeyService(Protocol):
    """Mints keys for one signature each, and gives what is needed to check them later."""

    def person_key(
        self, *, post: str, organisation: str, user_id: str, authentication: str, evidence_hash: str
    ) -> Signer:
        """A fresh key for one person and one signature. Raises SignerUnavailable, or KeyRefused."""
        ...

    def seal_key(self, purpose: str) -> Signer:
        """A fresh key with which the service seals once."""
        ...

    def certificates(self) -> list[bytes]:
        """DER certificates of every issuer and of the embedded time-stamp unit, the root included."""
        ...

    def revocation_lists(self) -> list[bytes]:
        """DER revocation lists of every issuer, as of now."""
        ...

    def inventory(self) -> list[KeyRecord]:
        """Every key that is kept, in a fixed order."""
        ...


class HeldKey:
    """A key held in this process for one signature: signing forgets it."""

    def __init__(self, credential: Credential, chain: Sequence[bytes]) -> None:
        self._key: ec.EllipticCurvePrivateKey | None = credential.key
        self._lock = threading.Lock()
        self.certificate = credential.certificate.public_bytes(Encoding.DER)
        self.chain = tuple(chain)

    def sign(self, data: bytes) -> bytes:
        """See ``Signer.sign``. Raises KeyRefused when the key has signed already."""
        with self._lock:
            key, self._key = self._key, None
        if key is None:
            raise KeyRefused("This key has signed already and is destroyed.")
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
