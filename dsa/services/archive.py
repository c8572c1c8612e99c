"""Files put together in one. One rule: the same files give the same bytes, so that two copies can be compared."""

import io
import zipfile
from collections.abc import Mapping
from typing import IO

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment that the format knows: a pack says nothing of when it was made


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP file with these files, in the order of their names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        add(archive, files)
    return made.getvalue()


def add(archive: zipfile.ZipFile, files: Mapping[str, bytes], *, under: str = "") -> None:
    """Add files to an open archive, below a folder where ``under`` names one."""
    for name in sorted(files):
        entry = zipfile.ZipInfo(f"{under}/{name}" if under else name, _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, files[name])


def opened(file: IO[bytes]) -> zipfile.ZipFile:
    """An archive that is written piece by piece into ``file``."""
    return zipfile.ZipFile(file, "w")
