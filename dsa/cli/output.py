"""The files that commands write. One rule: a file is whole, or what stood there before is still there."""

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dsa.domain.errors import BadInput


def write_file(out: Path, pieces: Iterable[str | bytes]) -> int:
    """Write the pieces (text as UTF-8) aside and move them into place; returns how many bytes they are.

    What is no plain file, such as /dev/stdout, is written to as it is. Raises BadInput, naming the file, where it
    cannot be written.
    """
    try:
        if out.exists() and not out.is_file() and not out.is_dir():
            with out.open("wb") as through:
                return _write(through.fileno(), pieces)
        return _replace(out, pieces)
    except OSError as problem:
        why = problem.strerror or "unknown reason"
        raise BadInput("%(file)s cannot be written: %(why)s.", file=str(out), why=why) from problem


def _replace(out: Path, pieces: Iterable[str | bytes]) -> int:
    place = out.resolve()  # a link goes on leading where it leads
    descriptor, aside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        try:
            total = _write(descriptor, pieces)
            os.fchmod(descriptor, stat.S_IMODE(place.stat().st_mode) if place.exists() else _new_mode())
        finally:
            os.close(descriptor)
        os.replace(aside, place)
    finally:
        Path(aside).unlink(missing_ok=True)
    return total


def _write(descriptor: int, pieces: Iterable[str | bytes]) -> int:
    total = 0
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        for piece in pieces:
            total += file.write(piece.encode() if isinstance(piece, str) else piece)
    return total


def _new_mode() -> int:
    """What a new file is for everybody else here: a file that is made aside is its owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
