"""Checking an uploaded document in a process of its own. One rule: a hostile file can cost seconds, never the service.

The child limits its own memory, processor time and files before it reads a byte; the parent limits how long it waits
and how many children there are.
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


class SeparateVerifier:
    """Checks documents against one root certificate, each in a limited child process."""

    def __init__(
        self, root: Path, stamp_roots: Path | None = None, *, seconds: int = SECONDS, megabytes: int = MEGABYTES
    ) -> None:
        self._stamp_roots = stamp_roots or root.with_name("stamp-roots.pem")
        self._root, self._seconds, self._megabytes = root, seconds, megabytes

    def verify(self, pdf: bytes) -> dict[str, Any]:
        """The verdict in the shape of ``dsa verify --json``.

        Raises BadInput (no readable PDF, or too costly to check), Refused while too many others are being checked.
        """
        if not _places.acquire(timeout=SECONDS):
            raise Refused("Many documents are being checked at this moment. Try again in a minute.")
        try:
            return self._checked(pdf)
        finally:
            _places.release()

    def _checked(self, pdf: bytes) -> dict[str, Any]:
        limits = [str(self._seconds), str(self._megabytes)]
        command = [sys.executable, "-m", __name__, str(self._root), str(self._stamp_roots), *limits]
        environment = {"PYTHONPATH": str(_PACKAGES), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                command, input=pdf, capture_output=True, timeout=self._seconds, env=environment, check=False
            )
            answer = json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, ValueError):
            answer = None
        if not isinstance(answer, dict):
            raise BadInput(
                "This file is too large or too complicated to be checked here, or it is damaged. No agreement of this "
                "service is like that. Ask for the file again, or check it with the command: dsa verify."
            )
        if "problem" in answer:
            raise BadInput(str(answer["problem"]))
        return answer


def _child(root: Path, stamp_roots: Path, seconds: int, megabytes: int) -> None:
    """Read a PDF from standard input, write the verdict as JSON."""
    limit(seconds, megabytes)
    from dsa.adapters.verification import verify  # after the limits: the libraries count too

    pdf = sys.stdin.buffer.read()
    try:
        trusted, clocks = ([path.read_bytes()] if path.exists() else [] for path in (root, stamp_roots))
        answer = verify(pdf, roots=trusted, stamp_roots=clocks).as_json()
    except BadInput as problem:
        answer = {"problem": str(problem)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
