"""Work on a stranger's file in a process of its own. One rule: a hostile file can cost seconds, never the service.

The child limits its own memory, processor time and files before it reads a byte; the parent limits how long it waits
and how many children there are.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dsa.adapters.limits import limit
from dsa.domain.errors import BadInput, Refused

SECONDS = 30
MEGABYTES = 1_024
AT_ONCE = 2
_PACKAGES = Path(__file__).resolve().parents[2]


class LimitedProcess:
    """Starts a module as a child that answers one file, at most ``AT_ONCE`` at a time.

    ``busy`` is said where too many wait; ``too_much`` where the file costs more than the limits, or breaks the child.
    """

    def __init__(self, module: str, *, busy: str, too_much: str) -> None:
        self._module, self._busy, self._too_much = module, busy, too_much
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def answer(self, data: bytes, arguments: Sequence[str] = (), *, seconds: int, megabytes: int) -> dict[str, Any]:
        """What the child answers to ``data``. Raises BadInput with its problem, or ``too_much``; Refused (``busy``)."""
        if not self._places.acquire(timeout=SECONDS):
            raise Refused(self._busy)
        try:
            found = self._run(data, [str(seconds), str(megabytes), *arguments], seconds)
        finally:
            self._places.release()
        if not isinstance(found, dict):
            raise BadInput(self._too_much)
        if "problem" in found:
            raise BadInput(found["problem"], **found["params"])
        return found

    def _run(self, data: bytes, arguments: Sequence[str], seconds: int) -> Any:
        command = [sys.executable, "-m", self._module, *arguments]
        environment = {"PYTHONPATH": str(_PACKAGES), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                command, input=data, capture_output=True, timeout=seconds, env=environment, check=False
            )
            return json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, ValueError):
            return None


def be_the_child(work: Callable[[bytes, Sequence[str]], dict[str, Any]]) -> None:
    """In the child: set the limits, read the file from standard input, write what ``work`` makes of it as JSON.

    ``work`` gets the arguments too, and imports what it needs only then: the libraries count.
    """
    limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        answer = work(sys.stdin.buffer.read(), sys.argv[3:])
    except BadInput as problem:
        answer = {"problem": problem.refusal.message, "params": dict(problem.refusal.params)}
    sys.stdout.write(json.dumps(answer))
