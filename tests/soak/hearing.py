"""What a process said until it was killed. One rule: not a line that it had written is passed over.

``communicate`` with a time limit reads the pipe itself and leaves what ``readline`` had taken ahead of it.
"""

import subprocess


def said_until_killed(process: "subprocess.Popen[str]") -> list[str]:
    """Every whole line since the last one read, once the process has ended; a line that was cut off is left out."""
    assert process.stdout is not None
    with process.stdout as heard:
        rest = heard.read()
    process.wait(timeout=60)
    return rest.split("\n")[:-1]
