"""Documents on disk, each named by the hash of its bytes. One rule: what is read back is what was written.

A file is written aside, flushed to the disk and moved into place, so that a crash leaves the whole file or none.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_NAME = re.compile(r"[0-9a-f]{64}")
_PIECE = 256 * 1024


class FileDamaged(Exception):
    """The stored bytes no longer match their name; the sentence says which file."""


@dataclass(slots=True)
class Assembly:
    """A file that is being written: ``out`` takes the bytes; ``name`` (SHA-256) and ``size`` are known at the end."""

    out: IO[bytes]
    name: str = ""
    size: int = 0


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

    @contextmanager
    def assembling(self) -> Iterator[Assembly]:
        """A file to be written piece by piece, kept once the block ends well; nothing is left of it otherwise."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._directory / f".assembling.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as out:
                assembly = Assembly(out)
                yield assembly
                out.flush()
                os.fsync(out.fileno())
                assembly.size = out.seek(0, os.SEEK_END)
                out.seek(0)
                assembly.name = hashlib.file_digest(out, "sha256").hexdigest()
            target = self._path(assembly.name)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(partial, target)
            _sync(target.parent)
            _sync(target.parent.parent)
        finally:
            partial.unlink(missing_ok=True)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes kept under the hash ``name``, piece by piece. Raises KeyError where there are none."""
        try:
            kept = self._path(name).open("rb")
        except FileNotFoundError:
            raise KeyError(name) from None
        return _read(kept)

    def forget(self, name: str) -> None:
        """Remove a file that may be made again at any time."""
        self._path(name).unlink(missing_ok=True)

    def __contains__(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and self._path(name).exists()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise KeyError(name)
        return self._directory / name[:2] / name


def _read(kept: IO[bytes]) -> Iterator[bytes]:
    with kept:
        while piece := kept.read(_PIECE):
            yield piece


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
