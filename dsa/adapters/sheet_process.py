"""Reading an uploaded spreadsheet in a process of its own.

One rule: a hostile file can cost seconds, never the service.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from dsa.adapters.limits import limit
from dsa.domain.errors import BadInput, Refused

SECONDS = 30
MEGABYTES = 1_024
AT_ONCE = 2
_PACKAGES = Path(__file__).resolve().parents[2]
_places = threading.BoundedSemaphore(AT_ONCE)


class SeparateSheetReader:
    """Reads spreadsheets, each in a limited child process."""

    def __init__(self, *, seconds: int = SECONDS, megabytes: int = MEGABYTES) -> None:
        self._seconds, self._megabytes = seconds, megabytes

    def read(self, data: bytes) -> dict[str, Any]:
        """The sheet as ``sheets.read_sheet`` gives it. Raises BadInput, Refused while too many others are read."""
        if not _places.acquire(timeout=SECONDS):
            raise Refused("Many files are being read at this moment. Try again in a minute.")
        try:
            return self._read(data)
        finally:
            _places.release()

    def _read(self, data: bytes) -> dict[str, Any]:
        command = [sys.executable, "-m", __name__, str(self._seconds), str(self._megabytes)]
        environment = {"PYTHONPATH": str(_PACKAGES), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                command, input=data, capture_output=True, timeout=self._seconds, env=environment, check=False
            )
            answer = json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, ValueError):
            answer = None
        if not isinstance(answer, dict):
            raise BadInput(
                "This file is too large or too complicated to be read here, or it is damaged. Copy the rows that you "
                "need into a new file and try that."
            )
        if "problem" in answer:
            raise BadInput(answer["problem"], **answer["params"])
        return answer


def _child(seconds: int, megabytes: int) -> None:
    """Read a sheet from standard input, write its rows as JSON."""
    limit(seconds, megabytes)
    from dsa.adapters.sheets import read_sheet  # after the limits: the libraries count too

    try:
        answer = read_sheet(sys.stdin.buffer.read())
    except BadInput as problem:
        answer = {"problem": problem.refusal.message, "params": dict(problem.refusal.params)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _child(int(sys.argv[1]), int(sys.argv[2]))
