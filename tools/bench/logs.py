"""Reading an event log, beside pm4py. One rule: pm4py lives in an environment of its own and is never imported here.

It is measured where ``build/peers/bin/python`` has it (``tools/check_exports.py`` says how to make that), in turns with
ours, in one run: the seconds to read the file alone, imports not counted.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from dsa.insight.measures import measures
from dsa.insight.reading import read_log

ROUNDS = 5
_PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pm4py
for line in sys.stdin:
    begun = time.perf_counter()
    log = pm4py.read_xes(json.loads(line))
    took = time.perf_counter() - begun
    print(json.dumps({"seconds": took, "events": len(log)}), flush=True)
"""


@dataclass
class Reading:
    """Seconds to read a log (medians of turns): ours, with all figures of ``dsa times`` too, and pm4py's or None."""

    log: str
    events: int
    ours: float
    with_figures: float
    peer: float | None


def readings(logs: list[Path], python: Path) -> list[Reading]:
    """Each log read by both in turns."""
    peer = _peer(python)
    try:
        return [_reading(path, peer) for path in logs]
    finally:
        if peer is not None:
            peer.communicate(timeout=60)


def _peer(python: Path) -> "subprocess.Popen[str] | None":
    if (
        not python.is_file()
        or subprocess.run([python, "-c", "import pm4py"], capture_output=True, check=False).returncode
    ):
        return None
    return subprocess.Popen(
        [python, "-c", _PEER], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _reading(path: Path, peer: "subprocess.Popen[str] | None") -> Reading:
    ours, figures, theirs, events = [], [], [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with path.open("rb") as stream:
            log = read_log(stream, name=path.name)
        ours.append(time.perf_counter() - begun)
        measures(log)
        figures.append(time.perf_counter() - begun)
        events = len(log)
        if peer is not None:
            answer = _asked(peer, path)
            theirs.append(float(answer["seconds"]))
            if answer["events"] != events:
                raise RuntimeError(f"{path.name}: {events} events here, {answer['events']} there")
    return Reading(path.name, events, median(ours), median(figures), median(theirs) if theirs else None)


def _asked(peer: "subprocess.Popen[str]", path: Path) -> dict[str, Any]:
    if peer.stdin is None or peer.stdout is None:
        raise RuntimeError("the peer cannot be spoken to")
    peer.stdin.write(json.dumps(str(path)) + "\n")
    peer.stdin.flush()
    line = peer.stdout.readline()
    while line and not line.startswith("{"):
        line = peer.stdout.readline()
    if not line:
        raise RuntimeError("the peer ended")
    answer: dict[str, Any] = json.loads(line)
    return answer
