"""What keys there are. One rule: it is read from the certificates in use, never from a list that somebody keeps."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dsa.adapters import root_key
from dsa.adapters.authority_record import UNIT, Record
from dsa.adapters.key_store import KeyStore
from dsa.adapters.keys import KeyRecord
from dsa.config import Settings

# How long a key may be used before a new one takes its place, in days.
ROTATE_DAYS = {"people": 730, "seal": 730, "timestamp": 1_825, UNIT: 1_825, "root": 7_300}
_SECRET_DAYS = 365
_PURPOSES = {
    "root": "Root: vouches for the issuing keys",
    "people": "Issues a certificate for each signature of a person",
    "seal": "Issues a certificate for each seal of the service",
    "timestamp": "Issues the certificate of the embedded time-stamp service",
    UNIT: "Signs the embedded (local) time stamps",
}

Read = Callable[[str], x509.Certificate]


def records(record: Record, store: KeyStore, certificate: Read, root_dir: Path) -> list[KeyRecord]:
    """The root, the keys in use, then the retired ones, newest first."""
    root = certificate("root")
    path = root_key.key_path(root_dir, root)
    apart = path.exists()
    where = f"{path}: take it off this machine" if apart else "not on this machine"
    found = [_record("root", "root", root, where, "apart" if apart else "not here")]
    for issuer, name in record.current.items():
        found.append(_record(name, issuer, certificate(name), store.where(name), "in use"))
    for gone in reversed(record.retired):
        found.append(_record(gone.name, gone.issuer, certificate(gone.name), "destroyed", "retired"))
    return found


def secret_records(settings: Settings) -> list[KeyRecord]:
    """The secret that protects forms and cookies, where it is a file of ours; a setting is dated by who sets it."""
    path = settings.data_dir / "forms.secret"
    if settings.secret_keys or not path.exists():
        return []
    made = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).replace(microsecond=0)
    return [
        KeyRecord(
            "forms", "Protects forms and cookies", "HMAC-SHA-1, 256 bits", made, None,
            made + dt.timedelta(days=_SECRET_DAYS), f"file {path.name} of the data directory", "in use", "",
        )
    ]  # fmt: skip


def _record(name: str, issuer: str, found: x509.Certificate, kept: str, status: str) -> KeyRecord:
    created = found.not_valid_before_utc
    rotate = created + dt.timedelta(days=ROTATE_DAYS[issuer]) if status != "retired" else None
    return KeyRecord(
        name=name,
        purpose=_PURPOSES[issuer],
        algorithm=algorithm(found),
        created=created,
        expires=found.not_valid_after_utc,
        rotate_by=rotate,
        kept=kept,
        status=status,
        fingerprint=found.fingerprint(hashes.SHA256()).hex(),
    )


def algorithm(certificate: x509.Certificate) -> str:
    """The kind of key of a certificate, as people call it."""
    key = certificate.public_key()
    return "ECDSA P-256" if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__
