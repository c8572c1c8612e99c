"""Documents on disk, each named by the hash of its bytes. One rule: what is read back is what was written.

A file is written aside, flushed to the disk and moved into place, so that a crash leaves the whole file or none.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{64}")


class FileDamaged(Exception):
    """The stored bytes no longer match their name; the sentence says which file."""


class FileStore:
    """The content-addressed store under one directory (``DSA_DATA_DIR/files``)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, data: bytes) -> str:
        """Keep ``data`` and return its SHA-256 in hexadecimal; keeping the same bytes again changes nothing."""
        name = hashlib.sha256(data).hexdigest()
        target = self._path(name)
        if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == name:
            return name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = target.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        _sync(target.parent)
        _sync(target.parent.parent)
        return name

    def get(self, name: str) -> bytes:
        """The bytes kept under the hash ``name``.

        Raises KeyError where there are none, and FileDamaged where they no longer match.
        """
        try:
            data = self._path(name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None
        if hashlib.sha256(data).hexdigest() != name:
            raise FileDamaged(f"The stored file {name} was changed on disk. Put it back from the backup.")
        return data

    def __contains__(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and self._path(name).exists()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise KeyError(name)
        return self._directory / name[:2] / name


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
