"""A log of a million events is read, and every figure worked out, within a gigabyte."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.soak
EVENTS, STEPS = 1_000_000, 10
GIGABYTE = 1 << 30
ROOT = Path(__file__).resolve().parents[2]
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def rows() -> Iterator[tuple[int, int, str]]:
    """(case, step, time) of each event."""
    for number in range(EVENTS):
        at = _BEGAN + timedelta(minutes=7 * number + (number * 7919) % 5000)
        yield number // STEPS, number % STEPS, at.isoformat()


def as_csv(path: Path) -> None:
    with path.open("w") as out:
        out.write("case:concept:name,concept:name,time:timestamp,org:resource\n")
        out.writelines(f"case {case},step {step},{at},team {case % 40}\n" for case, step, at in rows())


def as_xes(path: Path) -> None:
    with path.open("w") as out:
        out.write("<log>\n")
        for case, step, at in rows():
            if step == 0:
                out.write(f'<trace><string key="concept:name" value="case {case}"/>\n')
            out.write(
                f'<event><string key="concept:name" value="step {step}"/><date key="time:timestamp" value="{at}"/>'
                f'<string key="org:resource" value="team {case % 40}"/></event>\n'
            )
            if step == STEPS - 1:
                out.write("</trace>\n")
        out.write("</log>\n")


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTE, GIGABYTE))


@pytest.mark.parametrize("write", [as_csv, as_xes])
def test_a_million_events_fit_in_a_gigabyte(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "log"
    write(path)
    done = subprocess.run(
        [sys.executable, "-m", "dsa", "times", str(path), "--json"], capture_output=True, text=True, check=False,
        preexec_fn=_limited,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["events"], found["cases"]) == (EVENTS, EVENTS // STEPS)
