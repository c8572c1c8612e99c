"""A world of any size, from the synthetic model: lived by the services one after another, or in parts at once.

One rule: both ways give the same rows, numbers and hashes for the same plan; what differs is the time it takes.
"""

import dataclasses
import gc
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from dsa.adapters.chance import SeededChance
from dsa.adapters.definitions import load_bodies, load_form
from dsa.composition import open_context
from dsa.config import Settings
from dsa.demo.answers import Answers, whole
from dsa.demo.cast import Cast
from dsa.demo.deferred import DeferredPress, PassingFiles
from dsa.demo.modelled import Lifeline, Period, lifelines, period_until
from dsa.demo.modelled_history import LATER, ModelledHistory
from dsa.demo.remembering import RememberingJudge
from dsa.demo.walker import Walker
from dsa.demo.world import directory
from dsa.domain.form import Form
from dsa.domain.parties import parties_of
from dsa.domain.rules import Body
from dsa.domain.tier import tier
from dsa.persistence.batching import Batch, set_counters
from dsa.resources import workflows_dir
from dsa.services import demo_documents
from dsa.services.context import Context
from dsa.services.definitions import Definitions
from dsa.services.starting import NewAgreement
from dsa.timekeeping.clock import SimulatedClock

Says = Callable[[str], None]
PART = 250  # agreements that one process lives before it hands them over
_SEEDS_APART = 1_000_003
_JUDGE = RememberingJudge()  # of this process, for every part that it lives; so are the definitions below


@cache
def _form() -> Form:
    return load_form(workflows_dir() / "forms" / "agreement.yaml")


@cache
def _bodies() -> tuple[Body, ...]:
    return load_bodies(workflows_dir() / "bodies.yaml")


@cache
def _definitions() -> Definitions:
    """Compiled once: every part begins from the same published workflows and forms."""
    return Definitions()


@dataclass(frozen=True, slots=True)
class Plan:
    """A world before it is lived."""

    lines: tuple[Lifeline, ...]
    period: Period
    seed: int


def plan(agreements: int, *, seed: int, era: str, now: datetime) -> Plan:
    """The plan of a world that ends now. BadInput for an unknown era."""
    return Plan(tuple(lifelines(agreements, seed=seed, era=era, now=now)), period_until(now), seed)


def enlist(ctx: Context, now: datetime) -> Cast:
    """Fill the directory with the bodies of a large world; returns who acts in it."""
    cast = Cast(dataclasses.replace(ctx, clock=SimulatedClock(now - timedelta(days=1)), simulated=True))
    cast.enlist(directory(now.date(), large=True))
    cast.ctx = dataclasses.replace(cast.ctx, clock=SimulatedClock(now))
    return cast


def live_all(ctx: Context, cast: Cast, form: Form, whole_plan: Plan) -> Iterator[str]:
    """Live every agreement in turn through the services; gives each reference."""
    for line in whole_plan.lines:
        yield live(ctx, cast, form, line, whole_plan)


def live(ctx: Context, cast: Cast, form: Form, line: Lifeline, of: Plan) -> str:
    """Live one agreement through the services; returns its reference."""
    clock = SimulatedClock(of.period.starts_at(line))
    seed = of.seed * _SEEDS_APART + line.number
    mine = dataclasses.replace(
        ctx,
        clock=clock,
        chance=SeededChance(seed),
        documents=DeferredPress(),
        files=PassingFiles(),
        simulated=True,
        past=True,
    )
    answers = answers_of(line, clock.now().date())
    found = tier(answers, parties_of(answers))
    known = form.sectioned(answers)
    first = {key: value for name, section in known.items() if name not in LATER for key, value in section.items()}
    new = NewAgreement(line.bodies[0].code, first, found.route, found.reasons, example=True, synthetic=True)
    walker = Walker.start(mine, cast, new)
    chance = random.Random(seed)  # noqa: S311 - wanted to be repeatable
    ModelledHistory(walker, line, of.period, clock, form, answers, chance).live()
    demo_documents.settle_past(mine, walker.reference, now=of.period.now)
    return walker.reference


def answers_of(line: Lifeline, began: date) -> Answers:
    """All answers of an agreement that began on that day."""
    lead, giver, *more = line.bodies
    answers = whole(
        line.theme, giver, lead, lead=lead, needed=began + timedelta(days=270), made=began - timedelta(days=20),
        more=more,
    )  # fmt: skip
    again = f" (phase {line.phase})" if line.phase > 1 else ""
    answers["title"] = f"{answers['title']}, {began.year}{again}"
    return answers


# In parts, at once


@dataclass(frozen=True, slots=True)
class Part:
    """What one process is given: some lifelines, the database they begin from, where theirs goes to."""

    of: Plan
    base: Path
    into: Path
    settings: Settings
    people: dict[tuple[str, str], int]
    begun: dict[int, int]


def parts(whole_plan: Plan, base: Path, settings: Settings, people: dict[tuple[str, str], int]) -> list[Part]:
    """The plan in parts, each with the references that were given before it."""
    found: list[Part] = []
    begun: Counter[int] = Counter()
    for first in range(0, len(whole_plan.lines), PART):
        lines = whole_plan.lines[first : first + PART]
        into = base.with_name(f"part-{first // PART:05d}.sqlite3")
        of = dataclasses.replace(whole_plan, lines=lines)
        found.append(Part(of, base, into, settings, people, dict(begun)))
        begun.update(whole_plan.period.starts_at(line).year for line in lines)
    return found


def years_of(whole_plan: Plan) -> dict[str, int]:
    """How many agreements begin in each year, as the series of their references are called."""
    begun = Counter(whole_plan.period.starts_at(line).year for line in whole_plan.lines)
    return _series(begun)


def _series(begun: dict[int, int]) -> dict[str, int]:
    return {f"reference-{year}": count for year, count in sorted(begun.items())}


def live_part(part: Part) -> Path:
    """Live the agreements of a part in a database of their own; returns where it is. Runs in a process of its own."""
    shutil.copyfile(part.base, part.into)
    database = Batch(part.into)
    gc.disable()  # what a part leaves behind is collected when it is done
    try:
        ctx = open_context(part.settings, database=database, bodies=_bodies())
        ctx = dataclasses.replace(ctx, judge=_JUDGE, definitions=_definitions())
        with database.writing() as session:
            set_counters(session, _series(part.begun))
        cast = Cast(dataclasses.replace(ctx, clock=SimulatedClock(part.of.period.now)), dict(part.people))
        for _ in live_all(ctx, cast, _form(), part.of):
            pass
        database.keep()
    finally:
        database.close()
        gc.enable()
        gc.collect()
    return part.into


def lived(work: Sequence[Part], *, processes: int) -> Iterator[Path]:
    """The databases of the parts, in their order, lived by so many processes at once."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            ahead = [pool.submit(live_part, part) for part in work[: 2 * processes]]
            waiting = list(work[2 * processes :])
            for number in range(len(work)):
                yield ahead[number].result()
                if waiting:
                    ahead.append(pool.submit(live_part, waiting.pop(0)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
