"""Invariant 8: kill -9 in the middle of whatever goes on. What was acknowledged is there; nothing is half-written."""

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from dsa.persistence.session import Database
from dsa.services import verifying
from dsa.services.context import Context
from tests.engine.town import BEGAN, Shelf, SimulatedClock, Stamp, Tokens, build_town
from tests.soak.hearing import said_until_killed

ROOT = Path(__file__).resolve().parents[2]
KILLS, WORKERS = 25, 3
pytestmark = pytest.mark.soak


def start_worker(url: str, seed: int, *, before: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
    command = [*before, sys.executable, "-W", "ignore", "-m", "tests.soak.worker", url, str(seed)]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def begun(worker: "subprocess.Popen[str]") -> tuple[str, int, str]:
    """Wait for the first thing that the worker says."""
    assert worker.stdout is not None
    reference, seq, digest = worker.stdout.readline().split()
    return reference, int(seq), digest


def acknowledged(worker: "subprocess.Popen[str]") -> list[tuple[str, int, str]]:
    """What the killed worker had said since: whole lines only."""
    found = (line.split() for line in said_until_killed(worker))
    return [(line[0], int(line[1]), line[2]) for line in found if len(line) == 3 and len(line[2]) == 64]


def context(database: Database) -> Context:
    return Context(database=database, clock=SimulatedClock(BEGAN), chance=Tokens(), files=Shelf(), documents=Stamp())


def test_nothing_acknowledged_is_lost_and_nothing_is_half_written(database: Database) -> None:
    build_town(database)
    url, chance, told = database.url, random.Random(7), 0
    for number in range(KILLS):
        workers = [start_worker(url, 1000 * number + worker) for worker in range(WORKERS)]
        first = [begun(worker) for worker in workers]
        time.sleep(0.3 + chance.random())
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
        said = [*first, *(line for worker in workers for line in acknowledged(worker))]
        told += len(said)
        with database.reading() as session:
            if database.is_sqlite:
                assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            rows = session.execute(text("SELECT a.reference, e.seq, e.hash FROM events e "
                                        "JOIN agreements a ON a.id = e.agreement_id"))  # fmt: skip
            kept = {(row.reference, row.seq): row.hash for row in rows}
        lost = [line for line in said if kept.get((line[0], line[1])) != line[2]]
        assert lost == []
        touched = sorted({line[0] for line in said})
        assert {reference: verifying.verify_history(context(database), reference) for reference in touched} == (
            dict.fromkeys(touched, ())
        )
    assert told > 10 * KILLS, "too little went on to prove anything"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (apt-get install strace)")
def test_every_acknowledgement_on_sqlite_comes_after_the_disk_has_it(sqlite_database: Database, tmp_path: Path) -> None:
    build_town(sqlite_database)
    trace = tmp_path / "trace"
    strace = ("strace", "-f", "-qq", "-e", "trace=fdatasync,fsync,write", "-s", "40", "-o", str(trace))
    worker = start_worker(sqlite_database.url, 5, before=strace)
    time.sleep(12)
    subprocess.run(["pkill", "-KILL", "-P", str(worker.pid)], check=False)
    worker.wait(timeout=30)
    said = acknowledged(worker)
    events = [
        "ack" if re.search(r'write\(1, "DSA-', line) else "sync"
        for line in trace.read_text(encoding="utf-8", errors="replace").splitlines()
        if re.search(r'write\(1, "DSA-|f(data)?sync\(\d+\) += 0|<\.\.\. f(data)?sync resumed>\) += 0', line)
    ]
    assert events.count("ack") >= min(20, len(said))
    seqs = [(line[0], line[1]) for line in said]
    acks = [place for place, event in enumerate(events) if event == "ack"]
    for number in range(1, min(len(acks), len(seqs))):
        if seqs[number] != seqs[number - 1]:  # a new step was acknowledged
            assert "sync" in events[acks[number - 1] : acks[number]], f"acknowledgement {number} came before the disk"
