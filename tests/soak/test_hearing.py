"""The drills hear everything: a test of the means by which they know what was acknowledged (not a drill)."""

import subprocess
import sys
from pathlib import Path

from tests.soak.hearing import said_until_killed

LINES = 500  # more than is read ahead at once
TALKING = f"""
import os, signal, sys
for number in range({LINES}):
    print(number, "x" * 64, flush=True)
print("cut of", end="", flush=True)
open(sys.argv[1], "w").close()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_line_that_a_killed_process_wrote_is_passed_over_and_half_a_line_is_none(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TALKING, str(tmp_path / "told")], text=True, stdout=subprocess.PIPE
    )
    process.wait(timeout=60)  # everything lies in the pipe before the first line is read
    assert (tmp_path / "told").exists()
    assert process.stdout is not None
    assert process.stdout.readline().startswith("0 ")
    assert [line.split()[0] for line in said_until_killed(process)] == [str(number) for number in range(1, LINES)]
