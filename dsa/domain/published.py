"""What an installation shows to everybody who checks its documents. One rule: nothing in it is secret."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Anchor:
    """A certificate that somebody may have to trust: whose, its PEM, SHA-256 (hexadecimal), first and last day."""

    name: str
    pem: bytes
    sha256: str
    begins: date
    ends: date

    @property
    def fingerprint(self) -> str:
        """The SHA-256 in groups of four, as people compare it."""
        return " ".join(self.sha256[start : start + 4] for start in range(0, len(self.sha256), 4)).upper()


@dataclass(frozen=True, slots=True)
class Published:
    """What there is to trust, each part empty before it was made.

    ``root`` is the root certificate, ``earlier_roots`` those that this service had before, oldest first,
    ``stamp_roots`` those that are trusted to say the time and for nothing else. ``log_key`` and ``earlier_log_keys``
    are lines as ``domain.checkpoints.read_key`` reads them.
    """

    root: Anchor | None = None
    earlier_roots: tuple[Anchor, ...] = ()
    stamp_roots: tuple[Anchor, ...] = ()
    log_key: str = ""
    earlier_log_keys: tuple[str, ...] = ()
