"""Where the authority's own keys lie: encrypted files. One rule: a key file is readable by its owner only.

``token`` is the same for a hardware module.
"""

import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from dsa.config import BadSettings


class AuthorityUnusable(BadSettings):
    """The authority cannot be opened: the sentence says why and what to do (exit 2)."""

    def __init__(self, sentence: str) -> None:
        super().__init__([sentence])


class KeyStore(Protocol):
    """Keeps keys by name."""

    kind: str

    def make(self, name: str) -> ec.EllipticCurvePrivateKey:
        """A new P-256 key, kept under ``name``."""
        ...

    def load(self, name: str) -> ec.EllipticCurvePrivateKey:
        """The key kept under ``name``. Raises AuthorityUnusable where there is none or it cannot be opened."""
        ...

    def destroy(self, name: str) -> None:
        """Forget the key for ever."""
        ...

    def where(self, name: str) -> str:
        """Where it is kept, in words."""
        ...


class FileKeys:
    """Each key an encrypted PKCS#12 file of one directory."""

    kind = "files"

    def __init__(self, directory: Path, passphrase: bytes) -> None:
        self._directory, self._passphrase = directory, passphrase

    def make(self, name: str) -> ec.EllipticCurvePrivateKey:
        """See ``KeyStore.make``."""
        key = ec.generate_private_key(ec.SECP256R1())
        replace_private(self._directory / f"{name}.p12", sealed_key(name, key, self._passphrase))
        return key

    def load(self, name: str) -> ec.EllipticCurvePrivateKey:
        """See ``KeyStore.load``."""
        return opened_key(self._directory / f"{name}.p12", self._passphrase)

    def destroy(self, name: str) -> None:
        """See ``KeyStore.destroy``."""
        (self._directory / f"{name}.p12").unlink(missing_ok=True)

    def where(self, name: str) -> str:
        """See ``KeyStore.where``."""
        return f"encrypted file {name}.p12 of the signer process"


def sealed_key(name: str, key: ec.EllipticCurvePrivateKey, passphrase: bytes) -> bytes:
    """The bytes of an encrypted PKCS#12 file with this key."""
    return pkcs12.serialize_key_and_certificates(name.encode(), key, None, None, BestAvailableEncryption(passphrase))


def opened_key(path: Path, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of an encrypted file. Raises AuthorityUnusable for a wrong passphrase or another kind of file."""
    try:
        key = pkcs12.load_key_and_certificates(path.read_bytes(), passphrase)[0]
    except (ValueError, OSError) as error:
        raise AuthorityUnusable(
            f"The key {path} cannot be opened. Set DSA_KEY_PASSPHRASE to the passphrase that the keys were made with, "
            "or put the whole directory back from its backup."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityUnusable(f"The file {path} does not hold a key of this service. Put it back from its backup.")
    return key


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read, durably. Raises FileExistsError where there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def replace_private(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of a file in one step, durably."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_private(partial, data)
    os.replace(partial, path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names of a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def demand_private(directory: Path) -> None:
    """Raises AuthorityUnusable where others on this machine may read or change a file of ``directory``."""
    for path in sorted(directory.iterdir()):
        if path.stat().st_mode & 0o077:
            raise AuthorityUnusable(
                f"Others on this machine can read or change {path}. Run: chmod 600 {path} - and find out who could "
                "have read it; if it was readable for long, begin with a new authority."
            )
