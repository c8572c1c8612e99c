"""The root's key, kept apart. One rule: the service runs without it; only making and rotating issuers need it.

It lies in a directory of its own (``DSA_ROOT_DIR``), encrypted with a passphrase of its own, from the moment the
authority is made, and is meant to be taken off the machine.
"""

import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from dsa.adapters.certificates import Credential
from dsa.adapters.key_store import AuthorityUnusable, opened_key, sealed_key, sync_directory, write_private

KEY, PASSPHRASE = "root.p12", "root.passphrase"


def root_name(certificate: x509.Certificate) -> str:
    """The name of a root's files: by its fingerprint, so that two roots never share one."""
    return f"root-{certificate.fingerprint(hashes.SHA256()).hex()[:16]}"


def key_path(root_dir: Path, certificate: x509.Certificate) -> Path:
    """Where the key of this root would lie."""
    return root_dir / f"{root_name(certificate)}.p12"


def set_apart(keys: Path, root_dir: Path, certificate: x509.Certificate) -> None:
    """Move the root's key out of the directory of working keys, where it is made (and where 0.1.0 kept it)."""
    made = keys / KEY
    if not made.exists():
        return
    root_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = next((path for path in (keys / PASSPHRASE, keys / "passphrase") if path.exists()), None)
    name = root_name(certificate)
    if passphrase is not None:
        _put(root_dir / f"{name}.passphrase", passphrase.read_bytes())
    try:
        _put(root_dir / f"{name}.p12", made.read_bytes())
    except FileNotFoundError:
        return  # another process has moved it a moment ago
    sync_directory(root_dir)
    made.unlink(missing_ok=True)
    (keys / PASSPHRASE).unlink(missing_ok=True)
    sync_directory(keys)


def _put(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_private(partial, data)
    os.replace(partial, path)


def open_root(root_dir: Path, certificate: x509.Certificate, passphrase: str | None) -> Credential:
    """The root with its key. Raises AuthorityUnusable where it is not there or does not open."""
    path, beside = key_path(root_dir, certificate), root_dir / f"{root_name(certificate)}.passphrase"
    if not path.exists():
        raise AuthorityUnusable(
            f"The key of the root is not in {root_dir} (looked for {path.name}). Bring the medium on which it is kept "
            "and name its directory with --root-dir."
        )
    secret = beside.read_bytes().strip() if beside.exists() else (passphrase or "").encode()
    key = opened_key(path, secret)
    if key.public_key() != certificate.public_key():
        raise AuthorityUnusable(f"The key {path} is that of another root.")
    return Credential(key, certificate)


def take_away(root_dir: Path, to: Path, certificate: x509.Certificate, old: str | None, new: str) -> Path:
    """Copy the root's key to another place under a new passphrase, try it there, then remove it here.

    Raises AuthorityUnusable where it cannot be opened, FileExistsError where something lies at the other place.
    """
    root = open_root(root_dir, certificate, old)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = key_path(to, certificate)
    write_private(target, sealed_key("root", root.key, new.encode()))
    sync_directory(to)
    if opened_key(target, new.encode()).public_key() != certificate.public_key():
        raise AuthorityUnusable(f"What was written to {target} cannot be read back. The root is still in {root_dir}.")
    key_path(root_dir, certificate).unlink()
    (root_dir / f"{root_name(certificate)}.passphrase").unlink(missing_ok=True)
    sync_directory(root_dir)
    return target
