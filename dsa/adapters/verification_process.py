"""Checking an uploaded document in a process of its own. One rule: the verdict is that of ``dsa verify``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dsa.adapters.limited_process import MEGABYTES, SECONDS, LimitedProcess, be_the_child

_CHECKING = LimitedProcess(
    "dsa.adapters.verification_process",
    busy="Many documents are being checked at this moment. Try again in a minute.",
    too_much="This file is too large or too complicated to be checked here, or it is damaged. No agreement of this "
    "service is like that. Ask for the file again, or check it with the command: dsa verify.",
)


class SeparateVerifier:
    """Checks documents against the root certificates of one service, each in a limited child process.

    ``roots`` are files: the root's and, where there are some, its earlier ones'; ``stamp_roots`` are trusted to say the
    time and for nothing else. A file that is not there holds none.
    """

    def __init__(
        self, roots: Sequence[Path], stamp_roots: Path, *, seconds: int = SECONDS, megabytes: int = MEGABYTES
    ) -> None:
        self._roots = [str(stamp_roots), *map(str, roots)]
        self._seconds, self._megabytes = seconds, megabytes

    def verify(self, pdf: bytes) -> dict[str, Any]:
        """The verdict in the shape of ``dsa verify --json``.

        Raises BadInput (no readable PDF, or too costly to check), Refused while too many others are being checked.
        """
        return _CHECKING.answer(pdf, self._roots, seconds=self._seconds, megabytes=self._megabytes)


def _check(pdf: bytes, arguments: Sequence[str]) -> dict[str, Any]:
    from dsa.adapters.verification import verify

    clocks, *roots = ([Path(at).read_bytes()] if Path(at).exists() else [] for at in arguments)
    return verify(pdf, roots=[each for some in roots for each in some], stamp_roots=clocks).as_json()


if __name__ == "__main__":
    be_the_child(_check)
