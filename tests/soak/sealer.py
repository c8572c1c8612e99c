"""A process that seals what waits until it is killed. One rule: it says when it begins and when it has committed.

Lines on standard output: ``ready``, then for each document ``sealing`` and ``done``.
"""

import sys
import warnings
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dsa.adapters.press import Press
from dsa.composition import open_context
from dsa.config import Settings
from dsa.services import notifying
from dsa.timekeeping.clock import SimulatedClock


class Telling(Press):
    """The press, which says that it begins."""

    def seal_completion(self, data: bytes) -> Any:
        _say("sealing")
        return super().seal_completion(data)


def main(url: str, data_dir: str, now: str) -> None:
    warnings.simplefilter("ignore")
    settings = Settings(data_dir=Path(data_dir), demo=True, database_url=url)
    press = Telling(settings)
    press.open()  # the libraries are loaded before the first kill
    clock = SimulatedClock(datetime.fromisoformat(now))
    ctx = replace(open_context(settings, clock=clock), documents=press)
    _say("ready")
    while True:
        if notifying.carry_out(ctx):
            _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
