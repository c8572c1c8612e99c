"""Reading an uploaded spreadsheet in a process of its own. One rule: what it comes to is plain rows, nothing else."""

from collections.abc import Sequence
from typing import Any

from dsa.adapters.limited_process import MEGABYTES, SECONDS, LimitedProcess, be_the_child

_READING = LimitedProcess(
    "dsa.adapters.sheet_process",
    busy="Many files are being read at this moment. Try again in a minute.",
    too_much="This file is too large or too complicated to be read here, or it is damaged. Copy the rows that you need "
    "into a new file and try that.",
)


class SeparateSheetReader:
    """Reads spreadsheets, each in a limited child process."""

    def __init__(self, *, seconds: int = SECONDS, megabytes: int = MEGABYTES) -> None:
        self._seconds, self._megabytes = seconds, megabytes

    def read(self, data: bytes) -> dict[str, Any]:
        """The worksheets as ``sheets.read_sheets`` gives them. Raises BadInput; Refused while others are read."""
        return _READING.answer(data, seconds=self._seconds, megabytes=self._megabytes)


def _read(data: bytes, _arguments: Sequence[str]) -> dict[str, Any]:
    from dsa.adapters.sheets import read_sheets

    return read_sheets(data)


if __name__ == "__main__":
    be_the_child(_read)
