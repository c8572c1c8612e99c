"""Signing under strain: twenty people at once, an authority that goes down in the middle, kill -9 during sealing.

What must hold each time: one signature each, one sealed file that verifies, nothing lost, and it finishes by itself.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dsa.adapters.files import FileStore
from dsa.adapters.press import Press
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import SignerProcess
from dsa.adapters.verification import verify
from dsa.config import Settings
from dsa.domain.errors import Conflict, Refused
from dsa.persistence import history, work
from dsa.persistence.session import Database
from dsa.services import notifying
from tests.engine.town import Town, build_town, form_taken_as_complete
from tests.signer.authorities import Clock, answering, trusted
from tests.soak.hearing import said_until_killed

pytestmark = pytest.mark.soak
ROOT = Path(__file__).resolve().parents[2]
SIGNATORIES, ROUNDS = 20, 50


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", demo=True)


def real(database: Database, settings: Settings, *, parties: int = 2) -> Town:
    """A town that makes real documents."""
    town = build_town(database, parties=parties)
    files = FileStore(settings.data_dir / "files")
    town.ctx = replace(town.ctx, documents=Press(settings), files=files, demo=True)
    return town


def to_sign_off(town: Town) -> str:
    with form_taken_as_complete(town):
        reference = town.bring_to(town.start(*town.codes), "sign_off")
    town.carry_out()
    return reference


def document(town: Town, reference: str) -> Any:
    loaded = town.loaded(reference)
    with town.ctx.database.reading() as session:
        return work.document(session, loaded.head.id, loaded.head.locked_version_id)


def signatures(town: Town, reference: str) -> list[Any]:
    with town.ctx.database.reading() as session:
        return work.signatures(session, town.loaded(reference).head.locked_version_id)


def kinds(town: Town, reference: str) -> list[str]:
    with town.ctx.database.reading() as session:
        return [row.kind for row in history.events(session, town.loaded(reference).head.id)]


def demand_one_sealed_file(town: Town, reference: str, settings: Settings, people: int, **more: Any) -> None:
    found = document(town, reference)
    assert (found.status, found.level) == ("sealed", "B-LTA")
    assert kinds(town, reference).count("DocumentSealed") == 1
    assert kinds(town, reference).count("TextSigned") == people
    assert len({(row.party_key, row.slot) for row in signatures(town, reference)}) == people
    pdf = town.ctx.files.get(found.current_sha256)
    verdict = verify(pdf, roots=[(settings.data_dir / "root.pem").read_bytes()], **more)
    assert (verdict.verdict, verdict.ok) == ("genuine", True), [c.says for c in verdict.checks if not c.ok]
    assert [each.kind for each in verdict.signatures].count("person") == people
    assert pdf.startswith(town.ctx.files.get(found.issued_sha256))
    assert town.problems(reference) == ()


def test_twenty_signatories_at_once_give_one_file_with_twenty_signatures(
    database: Database, chosen: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = replace(chosen, signer="own")
    process = SignerProcess(asking).start()
    try:
        SignerClient(asking.signer_address, starting_seconds=30).certificates()
        town = real(database, asking, parties=SIGNATORIES)
        reference = to_sign_off(town)
        keys = [key for key in town.open_tasks(reference) if key.startswith("sign:")]
        assert len(keys) == SIGNATORIES
        gate, again = threading.Barrier(len(keys)), []

        def one(key: str) -> None:
            gate.wait()
            while True:
                try:
                    town.sign(reference, key)
                    return
                except Conflict:  # too many at once: the person presses again, as the sentence says
                    again.append(key)

        began = time.monotonic()
        threads = [threading.Thread(target=one, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        town.carry_out()
        demand_one_sealed_file(town, reference, asking, SIGNATORIES)
    finally:
        process.stop()
    with capsys.disabled():
        print(f"\n{SIGNATORIES} signatures at once in {took:.1f} s; {len(again)} had to press again")


def test_an_authority_that_goes_down_in_the_middle_loses_nothing(
    database: Database, chosen: Settings, tmp_path: Path
) -> None:
    with answering(Clock("first")) as first, answering(Clock("second")) as second:
        trust = trusted(tmp_path / "trust", first, second)
        using = replace(chosen, tsa_urls=(first.address, second.address), tsa_trust=trust)
        town = real(database, using)
        reference = to_sign_off(town)
        one, two = (key for key in town.open_tasks(reference) if key.startswith("sign:"))
        first.fault = "hangs up"
        town.sign(reference, one)
        assert signatures(town, reference)[0].time_stamp_authority == second.address
        before = document(town, reference).current_sha256
        second.fault = "garbage"
        with pytest.raises(Refused, match="No time-stamp authority answers, so nothing was signed"):
            town.sign(reference, two)
        assert (document(town, reference).current_sha256, len(signatures(town, reference))) == (before, 1)
        first.fault = ""
        town.sign(reference, two)
        first.fault = second.fault = "status 500"
        notifying.carry_out(town.ctx)
        pending = document(town, reference)
        assert (pending.status, len(signatures(town, reference))) == ("signing", 2)
        assert "No time-stamp authority answers" in pending.problem
        first.fault = ""
        town.clock.advance(minutes=2)
        town.carry_out()
        demand_one_sealed_file(town, reference, using, 2, stamp_roots=[first.root_pem(), second.root_pem()])
        assert document(town, reference).problem is None


def test_a_signer_that_is_killed_in_every_step_loses_nothing(database: Database, chosen: Settings) -> None:
    asking = replace(chosen, signer="own")
    process, chance = SignerProcess(asking).start(), random.Random(5)
    killed: list[int] = []

    def kill_soon() -> threading.Timer:
        def kill() -> None:
            pid = process.pid
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        timer = threading.Timer(0.2 * chance.random(), kill)
        timer.start()
        return timer

    try:
        SignerClient(asking.signer_address, starting_seconds=30).certificates()
        town = real(database, asking, parties=3)
        with form_taken_as_complete(town):
            reference = town.bring_to(town.start(*town.codes), "text_agreed")
            town.move(reference, "lock_text")
        until(town, reference, "issued", kill_soon)
        for key in [key for key in town.open_tasks(reference) if key.startswith("sign:")]:
            timer = kill_soon()
            for _ in range(20):
                with contextlib.suppress(Refused):  # the sentence says: try again
                    town.sign(reference, key)
                    break
            timer.join()
        until(town, reference, "sealed", kill_soon)
    finally:
        process.stop()
    assert len(killed) >= 3
    demand_one_sealed_file(town, reference, asking, 3)


def until(town: Town, reference: str, status: str, kill_soon: Callable[[], threading.Timer]) -> None:
    """Let the jobs work until the document has that status, with the signer killed once in the middle."""
    timer = kill_soon()
    for _ in range(20):
        town.carry_out()
        timer.join()
        if document(town, reference).status == status:
            return
        assert "signing service does not answer" in document(town, reference).problem
        town.clock.advance(minutes=6)
    raise AssertionError(f"it was never {status}")


def test_kill_9_during_sealing_leaves_one_sealed_file_and_loses_nothing(
    database: Database, chosen: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    town, chance = real(database, chosen), random.Random(9)
    begun = done = 0
    for _ in range(ROUNDS):
        reference = to_sign_off(town)
        for key in [key for key in town.open_tasks(reference) if key.startswith("sign:")]:
            town.sign(reference, key)
        said = sealed_and_killed(town, chosen, chance)
        begun += "sealing" in said
        state = document(town, reference)
        assert state.status in ("signing", "sealed")
        done += state.status == "sealed"
        assert len(signatures(town, reference)) == 2
        town.ctx.files.get(state.current_sha256)
        # what a killed worker had taken is free again after a quarter of an hour
        town.clock.advance(minutes=20)
        town.carry_out()
        demand_one_sealed_file(town, reference, chosen, 2)
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {begun} after sealing began, {done} after it was committed")
    assert begun - done >= ROUNDS // 5, "too few kills hit the sealing to prove anything"


def sealed_and_killed(town: Town, settings: Settings, chance: random.Random) -> list[str]:
    """Let a process seal, kill it at a random moment after it began; returns what it had said."""
    asked = (town.ctx.database.url, str(settings.data_dir), town.clock.now().isoformat())
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.soak.sealer", *asked], cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    said = [child.stdout.readline().strip()]
    while said[-1] not in ("sealing", ""):
        said.append(child.stdout.readline().strip())
    time.sleep(0.5 * chance.random())
    child.send_signal(signal.SIGKILL)
    return [*said, *said_until_killed(child)]
