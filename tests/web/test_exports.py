"""Evidence packs, and many of them in one file."""

import hashlib
import io
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from dsa.services import exporting
from dsa.services.agreements_list import Filters
from tests.web.page_client import PageClient
from tests.web.test_reviewing import ADVICE, SECRET
from tests.web.world import World

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]


def _sealed(world: World) -> str:
    reference = world.agreement_in("review")
    world.do_task(reference, "legal:slc", note=ADVICE, privileged=True)
    world.do_task(reference, "security:slc", note=SECRET)
    while world.stage(reference) != "preparing":
        world.onward(reference)
    world.carry_out()
    return reference


@pytest.mark.slow
def test_the_pack_can_be_checked_with_the_tools_that_it_names(world: World, pages: PageClient, tmp_path: Path) -> None:
    reference = _sealed(world)
    pages.sign_in(world.person("HMRC", "operational"))
    answer = pages.client.get(f"/agreements/{reference}/evidence.zip")
    assert answer.content_type == "application/zip"
    again = pages.client.get(f"/agreements/{reference}/evidence.zip")
    assert answer.data == again.data
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        pack.extractall(tmp_path)
    folder = tmp_path / reference
    told = (folder / "README.txt").read_text()
    assert "The document is complete" in told
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    shown = subprocess.run(
        ["qpdf", "--show-attachment=agreement.json", f"{reference}.pdf"], cwd=folder, capture_output=True, check=True
    )
    assert hashlib.sha256(shown.stdout).hexdigest() in told
    assert shown.stdout == (folder / f"{reference}.agreement.json").read_bytes()
    events, log = _run_the_checks(told, folder)
    assert "events hold together" in events.stdout, events.stderr
    assert re.search(r"[1-9]\d* of \d+ events stand in the log", log.stdout), log.stderr
    audit = folder / f"{reference}.audit.json"
    whole = audit.read_text()
    audit.write_text(whole.replace('"kind":"ReviewDecided"', '"kind":"ReviewRefused"', 1))
    assert _run_the_checks(told, folder)[0].returncode != 0
    audit.write_text(whole)
    note = (folder / "checkpoint.txt").read_text()
    other = note.split("\n")
    other[2] = "A" * 43 + "="
    (folder / "checkpoint.txt").write_text("\n".join(other))
    assert _run_the_checks(told, folder)[1].returncode != 0
    (folder / "checkpoint.txt").write_text(note)
    for path in folder.iterdir():
        for private in (ADVICE, SECRET):
            assert private.encode() not in path.read_bytes()


def _run_the_checks(told: str, folder: Path) -> list[subprocess.CompletedProcess[str]]:
    """Run the programs that the text of the pack shows: over the events, and over their places in the log."""
    programs = [textwrap.dedent(each) for each in re.findall(r"<<'CHECK'\n(.*?)\n +CHECK\n", told, re.DOTALL)]
    return [
        subprocess.run([sys.executable, "-c", each], cwd=folder, capture_output=True, text=True, check=False)
        for each in programs
    ]


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
