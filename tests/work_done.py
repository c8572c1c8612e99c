"""How much work something is, counted and not timed. One rule: the same answer on an idle machine and on a busy one."""

import cProfile
import pstats
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def calls_of(work: Callable[[], Result]) -> tuple[int, Result]:
    """How many calls of functions, Python's own included, the work makes, and what it returns."""
    profile = cProfile.Profile()
    found = profile.runcall(work)
    return int(pstats.Stats(profile).total_calls), found  # type: ignore[attr-defined]
