"""`make bench`: this engine beside raw drivers and beside its peers, in one run, in turns.

One rule: only ratios of one run are compared. Each engine takes a few steps in turn, so that noise hits all alike; the
figures are processor time and the 20th percentile of the time (the cost on an idle machine), taken in two ways.
"Step by step" takes it for each of the ten steps of the path and gives their mean, so that equal work is compared with
equal work. "Pooled" takes it over all steps at once, as the shared benchmarks do: there the cheapest kinds of step of
one engine stand against the cheapest kinds of the other.
Writes build/bench.json (docs/quality.md says what the names mean) and prints a table. With --strict it exits 1
where a goal is missed.
"""

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import mean, median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import postgresql  # noqa: E402
from tools.bench.adapter import PATH, Durable, InMemory  # noqa: E402
from tools.bench.floor import PostgresFloor, SqliteFloor  # noqa: E402

SHARED = Path(os.environ.get("DSA_SHARED") or ROOT.parent / "shared") / "bench"
BUILD = ROOT / "build"
SLICE = 10
PARTS = (
    "sqlite",
    "postgresql",
    "memory",
    "page",
    "verify",
    "workdays",
    "insight",
    "scale",
    "lists",
    "logs",
    "signing",
    "documents",
)


@dataclass
class Figure:
    """One line of the report. ``ratio`` is what the goal is about; ``met`` is None where nothing could be measured."""

    name: str
    value: float | None
    unit: str
    against: str
    ratio: float | None
    goal: str
    met: bool | None


class Peer:
    """A peer engine in its own process and environment; answers with its own times."""

    def __init__(self, kind: str, n: int, python: Path) -> None:
        place = {"cwd": SHARED, "env": {**os.environ, "PYTHONPATH": str(SHARED), "PYTHONDONTWRITEBYTECODE": "1"}}
        self.process = subprocess.Popen(
            [python, Path(__file__).with_name("peer.py")], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **place,
        )  # fmt: skip
        self.tell({"engine": kind, "start": n})

    def tell(self, what: dict[str, Any]) -> dict[str, Any]:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the peer cannot be spoken to")
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the peer ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def part(self, k: int, low: int, high: int) -> tuple[float, float]:
        answer = self.tell({"step": k, "from": low, "to": high})
        return answer["wall"], answer["cpu"]

    def check(self) -> bool:
        return bool(self.tell({"check": True})["ok"])

    def close(self) -> None:
        self.process.communicate(timeout=30)


class Own:
    """An engine of this process."""

    def __init__(self, engine: Any, n: int) -> None:
        self.engine, self.handles = engine, engine.start(n)

    def part(self, k: int, low: int, high: int) -> tuple[float, float]:
        step, handles = self.engine.step, self.handles[low:high]
        begun, used = time.perf_counter(), time.process_time()
        for handle in handles:
            step(handle, k)
        return time.perf_counter() - begun, time.process_time() - used

    def check(self) -> bool:
        return all(self.engine.check(handle) for handle in self.handles[:3])

    def close(self) -> None:
        if hasattr(self.engine, "close"):
            self.engine.close()


@dataclass
class Cost:
    """Seconds for a step, over the ten of the path: the 20th percentile and the median of each, and processor time."""

    p20: float
    median: float
    cpu: float
    pooled: float


def in_turns(engines: dict[str, Own | Peer], n: int) -> dict[str, Cost]:
    """Every engine takes a slice of each step in turn, in an order that rotates."""
    walls: dict[str, list[list[float]]] = {name: [[] for _ in PATH] for name in engines}
    used = dict.fromkeys(engines, 0.0)
    order = list(engines)
    gc.collect()
    for k in range(len(PATH)):
        for low in range(0, n, SLICE):
            order.append(order.pop(0))
            high = min(n, low + SLICE)
            for name in order:
                wall, cpu = engines[name].part(k, low, high)
                walls[name][k].append(wall / (high - low))
                used[name] += cpu
    for name, engine in engines.items():
        if not engine.check():
            raise RuntimeError(f"{name} did not reach the end of the path")
    return {
        name: Cost(
            mean(_lowest_fifth(times) for times in steps),
            mean(median(times) for times in steps),
            used[name] / (n * len(PATH)),
            _lowest_fifth([each for times in steps for each in times]),
        )
        for name, steps in walls.items()
    }


def _lowest_fifth(times: list[float]) -> float:
    return sorted(times)[len(times) // 5]


@contextmanager
def closing(engines: dict[str, Own | Peer]) -> Iterator[dict[str, Own | Peer]]:
    try:
        yield engines
    finally:
        for engine in engines.values():
            engine.close()


def peer_python() -> Path | None:
    """The Python of the peers' environment, made on first use; None where the shared benchmarks are not there."""
    if not (SHARED / "requirements.txt").is_file():
        return None
    home = BUILD / "bench-venv"
    python = home / "bin" / "python"
    done = home / "complete"
    if not done.exists():
        print("setting up the peers' own environment ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        wanted = ("SpiffWorkflow", "lxml", "SQLAlchemy", "transitions", "psycopg")
        lines = (SHARED / "requirements.txt").read_text(encoding="utf-8").splitlines()
        needed = [line for line in lines if line.startswith(wanted)]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *needed], check=True)
        done.touch()
    return python


def ratio_figures(name: str, ours: Cost, floor: Cost, against: str, goal: float) -> list[Figure]:
    """Our steps a second, and their share of the floor's, by the 20th percentile and by processor time."""
    by_step, by_cpu, pooled = floor.p20 / ours.p20, floor.cpu / ours.cpu, floor.pooled / ours.pooled
    says = f">= {goal}"
    return [
        Figure(
            name, round(1 / ours.p20), "steps/s", f"{against}, step by step", round(by_step, 3), says, by_step >= goal
        ),
        Figure(f"{name}, pooled", round(1 / ours.pooled), "steps/s", against, round(pooled, 3), says, pooled >= goal),
        Figure(f"{name}, processor time", round(1e6 * ours.cpu), "us/step", against, round(by_cpu, 3), "", None),
    ]


def sqlite_figures(n: int, python: Path | None) -> list[Figure]:
    engines: dict[str, Own | Peer] = {}
    with tempfile.TemporaryDirectory(prefix="dsa-bench-") as folder, closing(engines):
        for mode in ("NORMAL", "FULL"):
            for kind in ("ours", "floor"):
                durable = Durable(f"sqlite:///{folder}/{mode}-{kind}.sqlite3", synchronous=mode)
                chosen = durable if kind == "ours" else SqliteFloor(durable, synchronous=mode)
                engines[f"{kind} {mode}"] = Own(chosen, n)
        if python is not None:
            engines["spiff"] = Peer("durable", n, python)
        cost = in_turns(engines, n)
    found = ratio_figures("durable steps, SQLite NORMAL", cost["ours NORMAL"], cost["floor NORMAL"], RAW_SQLITE, 0.12)
    found += ratio_figures("durable steps, SQLite FULL", cost["ours FULL"], cost["floor FULL"], RAW_SQLITE, 0.5)
    if python is not None:
        says = "SpiffWorkflow, reload and serialize, SQLite NORMAL"
        found += ratio_figures("durable steps against SpiffWorkflow", cost["ours NORMAL"], cost["spiff"], says, 4)
    else:
        found.append(_absent("durable steps against SpiffWorkflow", ">= 4"))
    return found


RAW_SQLITE = "sqlite3 alone, same rows"


def sync_figure() -> Figure:
    """How long this disk takes to keep 4 KiB: with FULL, no engine can be faster than this."""
    with tempfile.NamedTemporaryFile(prefix="dsa-bench-") as probe:
        times = []
        for _ in range(100):
            probe.write(b"x" * 4096)
            probe.flush()
            begun = time.perf_counter()
            os.fdatasync(probe.fileno())
            times.append(time.perf_counter() - begun)
    return Figure("fdatasync of 4 KiB", round(1e6 * median(times)), "us", "this disk, for reading FULL", None, "", None)


def postgres_figures(n: int) -> list[Figure]:
    why = postgresql.why_not()
    if why:
        print(f"PostgreSQL was not measured: {why}")
        return [_absent("durable steps, PostgreSQL", ">= 0.5")]
    engines: dict[str, Own | Peer] = {}
    with postgresql.cluster() as cluster, closing(engines):
        for kind in ("ours", "floor"):
            durable = Durable(cluster.new())
            engines[kind] = Own(durable if kind == "ours" else PostgresFloor(durable), n)
        cost = in_turns(engines, n)
    return ratio_figures("durable steps, PostgreSQL", cost["ours"], cost["floor"], "psycopg alone, same rows", 0.5)


def memory_figures(n: int, python: Path | None) -> list[Figure]:
    engine = InMemory()
    found = [_kib_figure(engine)]
    engines: dict[str, Own | Peer] = {"ours": Own(engine, n)}
    if python is None:
        return [*found, _absent("decisions in memory", ">= 20")]
    engines["spiff"] = Peer("memory", n, python)
    with closing(engines):
        cost = in_turns(engines, n)
    ratio = cost["spiff"].p20 / cost["ours"].p20
    says = "SpiffWorkflow, parallel gateways, in memory"
    micro = round(1e6 * cost["ours"].p20, 1)
    return [*found, Figure("decisions in memory", micro, "us/step", says, round(ratio, 1), ">= 20", ratio >= 20)]


def _kib_figure(engine: InMemory) -> Figure:
    engine.start(3)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    handles = engine.start(200)
    for k in range(3):  # in review: two tasks open, one done
        for handle in handles:
            engine.step(handle, k)
    gc.collect()
    each = (tracemalloc.get_traced_memory()[0] - before) / 200 / 1024
    tracemalloc.stop()
    return Figure("memory of a live instance", round(each, 2), "KiB", "", None, "<= 1", each <= 1)


def _absent(name: str, goal: str) -> Figure:
    return Figure(name, None, "", "not measured here", None, goal, None)


def page_figures() -> list[Figure]:
    from tools.bench.pages import page_costs

    goal = "<= 18"
    measured = page_costs()
    if measured is None:
        return [_absent("my tasks page, processor time", goal)]
    page, hello, size = measured
    ratio = page / hello
    says = f"a hello page ({1e6 * hello:.0f} us); the page has {size / 1024:.0f} KiB"
    return [Figure("my tasks page, processor time", round(1e6 * page), "us/request", says, round(ratio, 1), goal,
                   ratio <= 18)]  # fmt: skip


def insight_figures() -> list[Figure]:
    from tools.bench import insight

    found = []
    for name, costs, says, goal, least in (
        ("simulation", insight.simulation_cost(), "simpy, the same draws, equal to 1e-9", ">= 5", 5.0),
        ("Kaplan-Meier, 10,000 rows", insight.survival_cost(), "lifelines, equal to 1e-9", ">= 1", 1.0),
    ):
        if costs is None:
            found.append(_absent(name, goal))
            continue
        ours, theirs = costs
        ratio = theirs / ours
        found.append(Figure(name, round(1e3 * ours, 2), "ms", says, round(ratio, 1), goal, ratio >= least))
    return found


def verify_figures() -> list[Figure]:
    from tools.bench.verify import check_costs

    found = []
    for cost, goal in zip(check_costs(), (1.5, 60), strict=True):
        says = f"{cost.pages} pages, {cost.signatures} people and 2 seals; the whole command, start-up included"
        name = f"dsa verify, {cost.signatures} signatures, processor time"
        seconds = round(cost.seconds, 2)
        found.append(Figure(name, seconds, "s", says, None, f"<= {goal}", seconds <= goal))
    return found


def workday_figures() -> list[Figure]:
    from tools.bench.workdays import workday_costs

    cost = workday_costs()
    times, busy = cost["numpy"] / cost["days"], f"numpy.busday_count, prebuilt calendar ({cost['numpy']:.1f} ns)"
    days, minutes, one = round(cost["days"], 1), round(cost["minutes"], 1), round(cost["one"])
    return [
        Figure("working days, a million at once", days, "ns", busy, round(times, 1), ">= 5", times >= 5),
        Figure("the same against twice 6.9 ns", days, "ns", "the figure measured before: 6.9 ns",
               round(cost["days"] / 6.9, 2), "<= 2", cost["days"] <= 13.8),
        Figure("working minutes, a million at once", minutes, "ns", "", None, "", None),
        Figure("working minutes, one interval", one, "ns", "", None, "<= 2500", one <= 2500),
    ]  # fmt: skip


def scale_figures(number: int) -> list[Figure]:
    """What pages cost at so many agreements, on both databases."""
    from tools.bench.scale import measure

    def told(database: str, new_url: Callable[[], str]) -> list[Figure]:
        found = measure(new_url(), number, lambda line: print(f"  {line}", flush=True))
        lines = []
        for whose, words in (("all", "all agreements"), ("one", "one organisation")):
            worst, seconds, statements, first = found["pages"][whose]
            says = f"the costliest page ({worst}, {statements} statements); the first page {1_000 * first:.1f} ms"
            lines.append(Figure(f"where the time goes, {words}, {number:,}, SQL, {database}", round(1_000 * seconds, 2),
                                "ms", says, round(1_000 * seconds, 2), "< 20", seconds < 0.020))  # fmt: skip
        return lines

    return on_both(told, "where the time goes", "< 20")


def list_figures() -> list[Figure]:
    """What my tasks and what is overdue cost with many agreements, against a thousand, on both databases."""
    from tools.bench.lists import SIZES, costs

    def told(database: str, new_url: Callable[[], str]) -> list[Figure]:
        found = costs(new_url, lambda line: print(f"  {line}", flush=True))
        least, *others = SIZES
        lines = []
        for (name, who), of_size in found.items():
            for size in others:
                ratio = of_size[size] / of_size[least]
                says = f"the same at {least:,} ({1_000 * of_size[least]:.2f} ms)"
                lines.append(Figure(f"{name}, {who}, at {size:,}, {database}", round(1_000 * of_size[size], 2), "ms",
                                    says, round(ratio, 2), "<= 1.5", ratio <= 1.5))  # fmt: skip
        return lines

    return on_both(told, "my tasks and overdue", "<= 1.5")


def on_both(told: Callable[[str, Callable[[], str]], list[Figure]], what: str, goal: str) -> list[Figure]:
    """The figures on SQLite and, where there is one, on PostgreSQL."""
    numbers = count()
    with tempfile.TemporaryDirectory(prefix="dsa-scale-") as folder:
        figures = told("SQLite", lambda: f"sqlite:///{folder}/{next(numbers)}.sqlite3")
    if (reason := postgresql.why_not()) is not None:
        return [*figures, _absent(f"{what}, PostgreSQL ({reason})", goal)]
    with postgresql.cluster() as running:
        return figures + told("PostgreSQL", running.new)


def log_figures() -> list[Figure]:
    """Reading the public logs, against pm4py where it is installed (tools/check_exports.py says how)."""
    from tools.bench.logs import readings

    logs = sorted((SHARED.parent / "eventlogs").glob("*.xes.gz"))
    found = []
    for each in readings([path for path in logs if path.stat().st_size > 100_000], BUILD / "peers" / "bin" / "python"):
        name = f"reading {each.log.removesuffix('.xes.gz')}"
        ratio = None if each.peer is None else round(each.peer / each.ours, 1)
        says = f"pm4py; {each.events:,} events; {each.with_figures:.2f} s with every figure"
        found.append(Figure(name, round(each.ours, 3), "s", says, ratio, ">= 5", None if ratio is None else ratio >= 5))
    return found or [_absent("reading XES", ">= 5")]


def signing_figures() -> list[Figure]:
    from tools.bench.signing import signing_costs

    cost = signing_costs()
    found = []
    for name, what, most in (("sign", "signature B-T", 200), ("seal", "seal B-LTA", 400)):
        millis, ratio = round(1e3 * cost[name], 1), round(cost[name] / cost["raw"])
        says = f"P-256 and SHA-256 alone ({1e6 * cost['raw']:.0f} us)"
        found.append(Figure(f"{what}, processor time", millis, "ms", says, ratio, f"<= {most}", millis <= most))
    for name, what in (("sign_bytes", "bytes of a signature"), ("seal_bytes", "bytes of a seal")):
        found.append(Figure(what, round(cost[name]), "bytes", "", None, "<= 50000", cost[name] <= 50_000))
    return found


def document_figures() -> list[Figure]:
    from tools.bench.documents import print_costs

    found = []
    for cost in print_costs():
        what = f"{cost.pages} pages, {cost.parties} parties"
        a_page, seconds, memory = round(cost.a_page, 1), round(cost.seconds, 2), round(cost.memory)
        found.append(Figure(f"printing, {what}, a page", a_page, "ms", "", None, "<= 100", a_page <= 100))
        limit = 2.0 if cost.pages <= 20 else None
        met = None if limit is None else seconds <= limit
        found.append(Figure(f"printing, {what}", seconds, "s", "", None, "" if limit is None else "<= 2", met))
        found.append(Figure(f"memory of printing, {what}", memory, "MiB", "", None, "<= 250", memory <= 250))
    return found


def show(figures: list[Figure]) -> None:
    print(f"\n{'':52s} {'value':>9s} {'unit':10s} {'ratio':>7s} {'goal':>8s}       against")
    for each in figures:
        mark = {True: "met", False: "MISSED", None: "-"}[each.met] if each.goal else ""
        value = "-" if each.value is None else f"{each.value:g}"
        ratio = "-" if each.ratio is None else f"{each.ratio:g}"
        print(f"{each.name:52s} {value:>9s} {each.unit:10s} {ratio:>7s} {each.goal:>8s} {mark:6s} {each.against}")


def measured(part: str, asked: argparse.Namespace, python: Path | None) -> list[Figure]:
    """The figures of one part."""
    ways: dict[str, Callable[[], list[Figure]]] = {
        "sqlite": lambda: [sync_figure(), *sqlite_figures(asked.n, python)],
        "postgresql": lambda: postgres_figures(asked.n),
        "memory": lambda: memory_figures(max(asked.n, 200), python),
        "page": page_figures,
        "verify": verify_figures,
        "workdays": workday_figures,
        "insight": insight_figures,
        "scale": lambda: scale_figures(asked.agreements),
        "lists": list_figures,
        "logs": log_figures,
        "signing": signing_figures,
        "documents": document_figures,
    }
    return ways[part]()


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the engine against raw code and against its peers.")
    parser.add_argument("--n", type=int, default=100, help="agreements for each engine")
    parser.add_argument(
        "--agreements",
        type=int,
        default=20_000,
        help="agreements for what pages cost when many; 100000 takes some ten minutes",
    )
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is missed")
    asked = parser.parse_args()
    parts = asked.only or list(PARTS)
    BUILD.mkdir(exist_ok=True)
    python = peer_python() if {"sqlite", "memory"} & set(parts) else None
    figures: list[Figure] = []
    with ExitStack() as stack:
        stack.callback(lambda: shutil.rmtree(BUILD / "bench-tmp", ignore_errors=True))
        for part in parts:
            print(f"measuring: {part} ...", flush=True)
            figures += measured(part, asked, python)
    show(figures)
    (BUILD / "bench.json").write_text(json.dumps([asdict(each) for each in figures], indent=1) + "\n", encoding="utf-8")
    return 1 if asked.strict and any(each.met is False for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
