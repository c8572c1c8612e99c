"""What the page of stages costs narrowed to months, for every range there is. One rule: the dearest range counts.

Where a range begins decides of what it is put together: of each length every beginning is asked for, the worst is told.
"""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import text

from dsa.domain.actor import Actor
from dsa.services import time_stages_page
from dsa.services.context import Context
from dsa.services.time_scope import Asked
from dsa.timekeeping.months import EVERY_MONTH, Months

LENGTHS = (1, 3, 12, 24, 37)
_ROUNDS = 3
Sql = Callable[[Context, Callable[[Context, Actor], Any], Actor], tuple[float, int]]
_STARTED = "SELECT min(week), max(week) FROM tallies WHERE scope = 0 AND topic = 'stage' AND n > 0"


def lines(ctx: Context, actor: Actor, sql: Sql) -> Iterator[str]:
    """For each length the dearest range: its SQL (measured by ``sql``), and the processor time of the whole service."""
    with ctx.database.reading() as session:
        first, last = (int(each) for each in session.execute(text(_STARTED)).one())
    for length in LENGTHS:
        begins = range(first, max(last - length + 1, first) + 1)
        yield _line(ctx, actor, sql, f"{length} months", [Months(one, one + length - 1) for one in begins])
    middle = (first + last) // 2
    yield _line(ctx, actor, sql, "months open on one side", [Months(middle, None), Months(None, middle)])
    yield _line(ctx, actor, sql, "every month", [EVERY_MONTH])


def _line(ctx: Context, actor: Actor, sql: Sql, name: str, ranges: list[Months]) -> str:
    least_of: dict[Months, tuple[float, int]] = {}
    for _ in range(_ROUNDS):  # apart in time: a busy machine must not make a range dear
        for months in ranges:
            cost = sql(ctx, _page(months), actor)
            least_of[months] = min(cost, least_of.get(months, cost))
    worst = max(least_of, key=lambda months: least_of[months])
    seconds, statements = least_of[worst]
    least = min(_processor(ctx, _page(worst), actor) for _ in range(_ROUNDS))
    which = "-".join(worst.texts())
    return (f"{name}: at most {1_000 * seconds:.2f} ms of SQL in {statements} statements, the service "
            f"{1_000 * least:.1f} ms of processor time ({which})")  # fmt: skip


def _page(months: Months) -> Callable[[Context, Actor], Any]:
    return lambda ctx, actor: time_stages_page.stages_page(ctx, actor, Asked(months=months))


def _processor(ctx: Context, page: Callable[[Context, Actor], Any], actor: Actor) -> float:
    gc.collect()
    begun = time.process_time()
    page(ctx, actor)
    return time.process_time() - begun
