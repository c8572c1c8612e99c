"""The checkpoints: public, the same as what was mailed, and silent about agreements."""

import json

import pytest

from dsa.domain.checkpoints import read_note
from dsa.services import audit_checking, audit_log
from tests.web.page_client import PageClient
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_anybody_can_look_at_the_checkpoints_and_keep_one(world: World, pages: PageClient) -> None:
    page = pages.get("/checkpoints")
    assert "There is none yet." in page.text
    reference = world.agreement_in("first_look")
    audit_log.keep_log(world.ctx, due=True)
    page = pages.get("/checkpoints")
    assert "Not yet. It is done once a day." in page.text
    note = pages.client.get("/checkpoints/1.txt").text
    assert read_note(note).checkpoint.size > 0
    assert note.strip().splitlines()[2] in page.html
    assert note in json.loads(pages.client.get("/checkpoints.json").text)["checkpoints"][0]["note"]
    assert "every letter has to be the same" in pages.get("/checkpoints/1").text
    assert reference not in page.html
    assert audit_checking.check_daily(world.ctx, hours=24) == ()
    assert "nothing was wrong" in pages.get("/checkpoints").text


def test_what_was_never_a_checkpoint_is_told_in_a_sentence(world: World, pages: PageClient) -> None:
    world.agreement_in("first_look")
    audit_log.keep_log(world.ctx, due=True)
    assert "There is no checkpoint of this number" in pages.get("/checkpoints/99999999999999", status=404).text
    for asked in ("", "?old=1", "?old=3&new=2", "?old=0&new=999999", "?old=x&new=-1"):
        assert "Name two sizes" in pages.get(f"/checkpoints/consistency{asked}", status=400).text
    proof = json.loads(pages.client.get("/checkpoints/consistency?old=1&new=2").text)
    assert len(proof["proof"]) == 1
    pages.get("/checkpoints?before=-7")


def test_a_party_takes_the_full_log_away_and_a_stranger_does_not(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    audit_log.keep_log(world.ctx, due=True)
    pages.sign_in(world.person("SLC", "legal"))
    lines = [json.loads(line) for line in pages.client.get(f"/agreements/{reference}/log.jsonl").text.splitlines()]
    head = world.loaded(reference).head
    assert [line["seq"] for line in lines if "body" in line] == list(range(1, head.head_seq + 1))
    leaves = [leaf for line in lines for leaf in line.get("leaves", ())]
    assert len(leaves) == read_note(lines[-1]["checkpoint"]).checkpoint.size
    pages.sign_in(world.person("DWP", "legal"))
    pages.get(f"/agreements/{reference}/log.jsonl", status=404)
