"""What my tasks and what is overdue cost when there are many agreements, beside what they cost when there are few.

One rule: whole services are timed as they are called, in every size in turns, for people whose pages are full in each:
a legal adviser and a drafter of one busy organisation. No figures are counted, for these pages read none.
"""

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from dsa.domain.actor import Actor
from dsa.services import agreements_list, lists
from dsa.services.agreements_list import Filters
from dsa.services.context import Context
from tools.bench.scale import Filled

SIZES = (1_000, 20_000, 100_000)
ROUNDS = 15
SERVICES: dict[str, Callable[[Context, Actor], Any]] = {
    "my tasks": lists.my_tasks,
    "overdue": lambda ctx, actor: agreements_list.agreements_page(ctx, actor, Filters(overdue=True, open=True)),
}
Costs = dict[tuple[str, str], dict[int, float]]


def costs(new_url: Callable[[], str], says: Callable[[str], None]) -> Costs:
    """Median processor seconds of this process and of the database's by (service, who), for each size.

    On PostgreSQL the database works in processes of its own, so there it is the time on the clock.
    """
    with tempfile.TemporaryDirectory(prefix="dsa-lists-") as folder:
        worlds = {size: Filled(new_url(), size, Path(folder), says, counted=False) for size in SIZES}
        try:
            return {
                (name, who): _in_turns(worlds, ask, who)
                for name, ask in SERVICES.items()
                for who in ("legal", "drafter")
            }
        finally:
            for world in worlds.values():
                world.ctx.database.close()


def _in_turns(worlds: dict[int, Filled], ask: Callable[[Context, Actor], Any], who: str) -> dict[int, float]:
    actors = {size: world.drafter if who == "drafter" else world.busy for size, world in worlds.items()}
    own_process = next(iter(worlds.values())).ctx.database.engine.dialect.name == "sqlite"
    clock = time.process_time if own_process else time.perf_counter
    found: dict[int, list[float]] = {size: [] for size in worlds}
    gc.collect()
    for attempt in range(ROUNDS + 1):
        for size, world in worlds.items():
            begun = clock()
            ask(world.ctx, actors[size])
            if attempt:  # the first fills what is read once for a process
                found[size].append(clock() - begun)
    return {size: median(times) for size, times in found.items()}
