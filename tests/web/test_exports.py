"""Evidence packs, and many of them in one file."""

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dsa.services import audit_log, exporting, notifying
from dsa.services.agreements_list import Filters
from tests.conftest import ROOT
from tests.web.page_client import PageClient
from tests.web.test_reviewing import ADVICE, SECRET
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _sealed(world: World) -> str:
    reference = world.agreement_in("review")
    world.do_task(reference, "legal:slc", note=ADVICE, privileged=True)
    world.do_task(reference, "security:slc", note=SECRET)
    while world.stage(reference) != "preparing":
        world.onward(reference)
    world.carry_out()
    return reference


class Pack:
    """An unpacked pack, whose commands are given to a shell exactly as its text prints them."""

    def __init__(self, data: bytes, reference: str, place: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            pack.extractall(place)
        self.folder = place / reference
        self.told = (self.folder / "README.txt").read_text()
        programs = place / "programs"
        programs.mkdir()
        own = programs / "dsa"
        own.write_text(f'#!/bin/sh\nexec {sys.executable} -m dsa "$@"\n')
        own.chmod(0o700)
        path = f"{programs}:{os.environ['PATH']}"
        self.around = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "DSA_DATA_DIR": str(place / "nothing")}

    def commands(self, step: str) -> str:
        """The lines of a step that the text calls commands."""
        begins = self.told.index(f"\n{step}")
        ends = re.search(r"\n\d\. ", self.told[begins + 2 :])
        part = self.told[begins : begins + 2 + ends.start()] if ends else self.told[begins:]
        return "".join(f"{line}\n" for line in part.splitlines() if line.startswith("    "))

    def run(self, step: str) -> subprocess.CompletedProcess[str]:
        """What a shell makes of a step that is pasted into it."""
        return self._shell(self.commands(step))

    def shell(self, command: str) -> str:
        """What a command says, of whatever it ends with."""
        done = self._shell(command)
        return done.stdout + done.stderr

    def _shell(self, commands: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail"], input=commands, cwd=self.folder, env=self.around,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def fails_after(self, step: str, name: str, change: Callable[[str], str]) -> str:
        """What a step says, failing, of a file that was changed; the file is put back."""
        path = self.folder / name
        whole = path.read_text()
        changed = change(whole)
        assert changed != whole
        path.write_text(changed)
        done = self.run(step)
        path.write_text(whole)
        assert done.returncode != 0
        return done.stdout + done.stderr


# step -> (the tool it names, what it says when all is well)
STEPS = {
    "FIRST": ("openssl", "sha256 Fingerprint="),
    "1.": ("sha256sum", "check_events.py: OK"),
    "2.": ("pdfsig", "Signature is Valid"),
    "3.": ("pyhanko", "VALID"),
    "4.": ("qpdf", ""),
    "5.": ("qpdf", "are the first ones of them"),
    "6.": ("openssl", "Signature Verified Successfully"),
    "7.": ("dsa", "is a true beginning of the log"),
}


@pytest.mark.slow
def test_the_commands_of_the_pack_hold_when_they_are_pasted_into_a_shell(
    world: World, pages: PageClient, tmp_path: Path
) -> None:
    reference = _sealed(world)
    audit_log.keep_log(world.ctx, due=True)
    pages.sign_in(world.person("HMRC", "operational"))
    answer = pages.client.get(f"/agreements/{reference}/evidence.zip")
    assert answer.content_type == "application/zip"
    assert pages.client.get(f"/agreements/{reference}/evidence.zip").data == answer.data
    pack = Pack(answer.data, reference, tmp_path)
    assert "The document is complete" in pack.told
    said = {}
    for step, (tool, says) in STEPS.items():
        assert pack.commands(step), step
        if shutil.which(tool, path=pack.around["PATH"]):
            done = pack.run(step)
            assert done.returncode == 0, (step, done.stdout, done.stderr)
            assert says in done.stdout, step
            said[step] = done.stdout
    assert {"1.", "6.", "7."} <= set(said)
    assert re.search(r"[1-9]\d* of \d+ events stand in the log", said["6."])
    assert re.search(r"The first \d+ of \d+ leaves give the root of checkpoint.txt", said["6."])
    assert said["4."].count(re.search(r"must print ([0-9a-f]{64})", pack.told)[1]) == 2  # type: ignore[index]
    assert "NO " not in said["7."]
    _changes_are_found(pack, reference)
    for path in pack.folder.iterdir():
        for private in (ADVICE, SECRET):
            assert private.encode() not in path.read_bytes()


def _changes_are_found(pack: Pack, reference: str) -> None:
    """Each step fails after what it guards was changed."""
    audit, log = f"{reference}.audit.json", f"{reference}.log.jsonl"
    other_word = ('"kind":"ReviewDecided"', '"kind":"ReviewRefused"')
    assert "check_log.py: FAILED" in pack.fails_after("1.", "check_log.py", lambda text: text + "#")
    assert re.search(
        r"event \d+ is not what it was", pack.fails_after("5.", audit, lambda t: t.replace(*other_word, 1))
    )
    assert "are not the first ones" in pack.fails_after("5.", audit, lambda text: '{"events":[]}')
    assert "does not stand in the log" in pack.fails_after("6.", "checkpoint.txt", _other_root)
    later = re.compile("^time 2", re.MULTILINE)
    assert "Verified Success" not in pack.fails_after("6.", "checkpoint.txt", lambda text: later.sub("time 3", text))
    leaf = re.compile(r'(?<="leaves":\[")[0-9a-f]{64}')
    assert "event 1 is not the leaf" in pack.fails_after("6.", log, lambda text: leaf.sub("0" * 64, text, count=1))
    (pack.folder / "kept.txt").write_text(_other_root((pack.folder / "checkpoint.txt").read_text()))
    assert "do not give the root of kept.txt" in pack.shell(
        f"python3 check_log.py {audit} checkpoint.txt {log} kept.txt"
    )
    assert "NO " in pack.fails_after("7.", log, lambda text: text.replace(*other_word, 1))


def _other_root(note: str) -> str:
    lines = note.split("\n")
    return "\n".join([*lines[:2], "A" * 43 + "=", *lines[3:]])


def test_there_is_no_pack_before_there_is_a_document(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "operational"))
    assert pages.client.get(f"/agreements/{reference}/evidence.zip").status_code == 422
    pages.sign_in(world.person("DWP", "drafter"))
    assert pages.client.get(f"/agreements/{reference}/evidence.zip").status_code == 404


@pytest.mark.slow
def test_many_agreements_come_as_one_file_with_word_of_those_that_have_none(world: World, pages: PageClient) -> None:
    reference, other = _sealed(world), world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/agreements")
    assert "/exports" in page.links().values() or "/exports" in str(page.links())
    page = pages.get("/exports")
    assert "You have not asked for an export yet" in page.text
    page = pages.press("Make the file")
    assert page.h1 == "Your export is being made"
    assert "0 of 2 agreements are in the file" in page.text
    with pytest.raises(exporting.Refused):
        exporting.ask(world.ctx, world.actor("HMRC", "drafter"), Filters())
    world.carry_out()
    page = pages.get(page.path)
    assert page.h1 == "Your export is ready"
    assert "For 1 of them there is no document" in page.text
    answer = pages.client.get(f"{page.path}.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        names = pack.namelist()
        index = pack.read("index.csv").decode("utf-8-sig")
    assert f"{reference}/{reference}.pdf" in names
    assert not [name for name in names if name.startswith(other)]
    assert re.search(f"{other},.*not made yet", index)
    assert f"{reference}," in index


@pytest.mark.slow
def test_an_export_holds_what_its_asker_may_see_and_belongs_to_them_alone(world: World, pages: PageClient) -> None:
    _sealed(world)
    pages.sign_in(world.person("DWP", "drafter"))
    page = pages.get("/exports")
    assert "no agreement" in pages.press("Make the file", status=422).text.lower()
    number = exporting.ask(world.ctx, world.actor("HMRC", "drafter"), Filters())
    world.carry_out()
    assert pages.get(f"/exports/{number}", status=404).h1
    assert pages.client.get(f"/exports/{number}.zip").status_code == 404
    assert page.h1 == "Export agreements"


def test_an_export_that_cannot_be_made_is_given_up_and_another_may_be_asked_for(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.agreement_in("drafting")
    actor = world.actor("HMRC", "drafter")
    number = exporting.ask(world.ctx, actor, Filters())

    def full(*_given: object) -> None:
        raise OSError("No space is left on the disk.")

    with monkeypatch.context() as broken:
        broken.setattr(exporting, "_assemble", full)
        for tries in range(4):
            if tries:
                world.move_clock(hours=1)
            assert exporting.one(world.ctx, actor, number).status in ("waiting", "running"), tries
            notifying.carry_out(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/exports/{number}")
    assert page.h1 == "Your export could not be made"
    assert "No space is left on the disk." in page.text
    assert exporting.ask(world.ctx, actor, Filters()) != number


@pytest.mark.slow
def test_a_file_is_removed_after_a_week_and_the_page_says_so(world: World, pages: PageClient) -> None:
    reference = _sealed(world)
    actor = world.actor("HMRC", "drafter")
    number = exporting.ask(world.ctx, actor, Filters(q=reference))
    exporting.make(world.ctx, number)
    exporting.make(world.ctx, number)
    world.move_clock(days=8)
    later = exporting.ask(world.ctx, actor, Filters())
    exporting.make(world.ctx, later)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/exports/{number}")
    assert page.h1 == "The file of this export was removed"
    assert f"/agreements?q={reference}" in page.links().values() or reference in str(page.links())
    assert pages.client.get(f"/exports/{number}.zip").status_code == 422
