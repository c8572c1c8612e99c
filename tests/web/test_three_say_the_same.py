"""Invariant 10: the PDF's text, the JSON inside it and the database say the same, answer by answer."""

import io
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from dsa.domain.integrity import canonical, digest, section_hash
from dsa.domain.presentation import PresentedAnswer, present
from dsa.persistence import drafts, history, work
from dsa.services import content as composing
from tests.web.world import World

pytestmark = [
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
    pytest.mark.slow,
]
# Beyond the usual answers: what goes wrong between a page and a text.
ODD = {
    "aims": "Find “false” claims - 5 < 6 & 7 > 2; pay £1,000 to Llŷr.\n\nA second paragraph, after an empty line.",
    "necessity": "Word " * 400 + "end.",
}


def text_of(pdf: bytes, place: Path) -> tuple[str, set[str]]:
    """What a reader of the pages reads, without the lines that stand on every page; and those lines."""
    (place / "document.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", place / "document.pdf", "-"], capture_output=True, check=True, text=True
    )
    pages = [page.splitlines() for page in done.stdout.split("\f") if page.strip()]
    often = Counter(re.sub(r"\d+", "#", line) for page in pages for line in {*page} if line.strip())
    running = {line for line, times in often.items() if times >= len(pages) - 1}
    kept = (line for page in pages for line in page if re.sub(r"\d+", "#", line) not in running)
    heads = {bare(line) for page in pages for line in page if re.sub(r"\d+", "#", line) in running}
    return bare("\n".join(kept)), heads


def bare(text: str) -> str:
    """Without white space and the hyphens of line ends: how lines are broken says nothing."""
    return re.sub(r"[\s\u00ad\u200b\u2010-]", "", text)


def said(answer: PresentedAnswer) -> Iterator[str]:
    """Every piece of text that an answer shows."""
    yield from filter(None, [answer.text, *answer.items, *answer.columns])
    yield from (cell for row in answer.rows for cell in row if cell)


def raw_texts(value: Any) -> Iterator[str]:
    """Everything that somebody typed: texts with a space in them, however deep; codes have none."""
    if isinstance(value, str) and " " in value.strip():
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from raw_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from raw_texts(inner)


def test_the_pages_the_json_and_the_database_say_the_same(world: World, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (apt-get install poppler-utils)")
    reference = world.agreement_in("signed", **ODD)
    world.carry_out()
    ctx = world.ctx
    with ctx.database.reading() as session:
        loaded = world.loaded(reference)
        stored = drafts.newest_version(session, loaded.head.id)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        signed = work.signatures(session, loaded.head.locked_version_id)
        form = composing.form_of(ctx, session, loaded)
        events = history.events(session, loaded.head.id)
    assert stored is not None
    assert document is not None
    assert document.current_sha256 is not None
    pdf = ctx.files.get(document.current_sha256)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        attached = bytes(opened.attachments["agreement.json"].get_file().read_bytes())
        audit = json.loads(opened.attachments["audit.json"].get_file().read_bytes())
        keywords = str(opened.docinfo["/Keywords"])

    # the JSON is the stored version, byte by byte, under the hash that was approved and signed
    assert attached == stored.content.encode()
    assert digest(attached) == stored.hash
    assert stored.hash in keywords
    told = json.loads(attached)
    assert canonical(told) == attached
    assert {key: section_hash(key, value) for key, value in told["answers"].items()} == stored.section_hashes
    assert {
        json.loads(e.body)["facts"]["content_hash"] for e in events if e.kind in ("DocumentIssued", "TextSigned")
    } == {stored.hash}

    # the pages say every answer of the JSON, in the words in which it is presented
    text, running = text_of(pdf, tmp_path)
    shown = present(form, told)
    pieces = [piece for section in shown for answer in section.answers for piece in said(answer)]
    assert len(pieces) > 150
    assert [piece for piece in pieces if bare(piece) not in text and bare(piece) not in running] == []
    questions = [answer.question for section in shown for answer in section.answers]
    assert [question for question in questions if bare(question) not in text] == []
    # and nothing that was typed is lost on the way from the JSON to the words
    typed = [part for each in raw_texts(told["answers"]) for part in each.split("\n")]
    assert [part for part in typed if bare(part) not in text and bare(part) not in running] == []

    # the pages and the JSON name the parties and signatories of the database
    assert [party["name"] for party in told["parties"]] == [party.name for party in loaded.parties]
    for row in signed:
        assert bare(row.post) in text
        assert bare(row.authority) in text
    assert {(row["party"], row["post"]) for row in told["signatories"]} == {(r.party_key, r.post) for r in signed}

    # the record in the PDF is the stored history, up to the moment at which the text was locked
    assert [(e["seq"], e["hash"], canonical(e["body"]).decode()) for e in audit["events"]] == [
        (row.seq, row.hash, row.body) for row in events[: len(audit["events"])]
    ]
    assert audit["events"][-1]["body"]["kind"] == "TextLocked"
    assert bare(audit["head_hash"]) in text
