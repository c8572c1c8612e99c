"""The printed agreement: the same bytes every time, everything on it, nothing fetched."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dsa.adapters import pdf as printing
from dsa.adapters.pdf import DocumentFailed, Marks, render
from dsa.adapters.pdf_layout import moment, signature_fields
from dsa.adapters.pdf_widths import column_widths, text_width
from dsa.domain.integrity import canonical, digest
from dsa.domain.presentation import PresentedAnswer, PresentedSection
from dsa.domain.stamps import stampers_told
from dsa.domain.values import date_text
from dsa.services.context import TRUST
from tests.conftest import ROOT
from tests.documents import specimens


def _text(pdf: bytes, tmp_path: Path, *options: str) -> str:
    path = tmp_path / "shown.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, check=True, text=True)
    return done.stdout


def _pages(pdf: bytes, tmp_path: Path) -> list[str]:
    return _text(pdf, tmp_path, "-layout").rstrip("\f").split("\f")


def test_the_same_version_gives_the_same_bytes_in_another_process(base_pdf: bytes) -> None:
    code = "import sys; from tests.documents import specimens as s; sys.stdout.write(s.digest(s.base()))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=root)
    assert done.stdout == digest(base_pdf)


def test_every_page_carries_classification_reference_hash_and_page_number(base_pdf: bytes, tmp_path: Path) -> None:
    pages = _pages(base_pdf, tmp_path)
    short = digest(canonical(specimens.agreement()))[:16]
    for number, page in enumerate(pages, 1):
        assert page.count("OFFICIAL-SENSITIVE") >= 2
        assert f"DSA-2026-00017 · version 3 · {short}" in page
        assert f"Page {number} of {len(pages)}" in page
        assert "EXAMPLE - not an agreement of the bodies named" in page


def test_the_cover_carries_the_whole_content_hash_of_the_attached_json(base_pdf: bytes, tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(base_pdf)) as opened:
        content = bytes(opened.attachments["agreement.json"].get_file().read_bytes())
        audit = json.loads(opened.attachments["audit.json"].get_file().read_bytes())
    assert content == canonical(specimens.agreement())
    assert audit == specimens.audit()
    assert digest(content) in _pages(base_pdf, tmp_path)[0]


def test_every_answer_is_printed_and_welsh_letters_are_letters(base_pdf: bytes, tmp_path: Path) -> None:
    text = re.sub(r"\s+", " ", _text(base_pdf, tmp_path))
    for section in specimens.sections():
        for answer in section.answers:
            said = [answer.question, *answer.items, *(cell for row in answer.rows for cell in row)]
            said += (answer.text or "").split("\n\n")
            for each in said:
                assert each in text
    assert specimens.WELSH in text
    assert "assumed" in text


def test_what_the_fonts_lack_is_named_and_not_dropped(tmp_path: Path) -> None:
    content = specimens.agreement() | {"title": "Sharing 中\x07 data"}
    text = _text(specimens.base(content), tmp_path)
    assert "Sharing [U+4E2D][U+0007] data" in text


def test_markup_in_an_answer_is_text_and_nothing_can_be_fetched(tmp_path: Path) -> None:
    content = specimens.agreement()
    content["title"] = '<img src="file:///etc/passwd"><link rel=attachment href="file:///etc/passwd">'
    pdf = specimens.base(content)
    assert "<img src=" in _text(pdf, tmp_path).replace("\n", "")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert set(opened.attachments) == {"agreement.json", "audit.json", "terms.jsonld", "contract.odcs.json"}


def test_a_template_that_asks_for_a_file_fails_loudly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "document"
    own.mkdir()
    (own / "contents.html").write_text('<img src="file:///etc/passwd">')
    monkeypatch.setenv("DSA_TEMPLATES_DIR", str(tmp_path))
    printing._environment.cache_clear()
    try:
        with pytest.raises(DocumentFailed, match="may not load"):
            specimens.base()
    finally:
        monkeypatch.delenv("DSA_TEMPLATES_DIR")
        printing._environment.cache_clear()


def _slanted(pdf: bytes, tmp_path: Path) -> list[str]:
    """What each page says across itself: a slanted word comes out as letters on lines of their own."""
    pages = _text(pdf, tmp_path, "-raw").rstrip("\f").split("\f")
    return ["".join(line for line in page.splitlines() if re.fullmatch("[A-Z]", line)) for page in pages]


def test_draft_superseded_and_real_documents_say_what_they_are(tmp_path: Path) -> None:
    draft = _slanted(specimens.base(marks=Marks(mark="draft")), tmp_path)
    assert all("DRAFT" in page for page in draft)
    old = _slanted(specimens.base(marks=Marks(mark="superseded")), tmp_path)
    assert all("SUPERSEDED" in page for page in old)
    real = _text(specimens.base(specimens.agreement(example=False)), tmp_path)
    assert "EXAMPLE" not in real
    assert "emo authentication" not in real


def test_the_address_to_check_it_at_is_printed_and_drawn_with_words_for_those_who_cannot_see_it(tmp_path: Path) -> None:
    address = "https://agreements.example/verify/7f3a9c21d4e8b605"
    pdf = specimens.base(marks=Marks(verify_url=address))
    assert address in _text(pdf, tmp_path).replace("\n", "")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        alternatives = [
            str(each.Alt) for each in opened.objects if isinstance(each, pikepdf.Dictionary) and "/Alt" in each
        ]
    assert alternatives == [f"Picture to scan: {address}"]
    said = re.sub(r"\s+", " ", _text(pdf, tmp_path))
    assert "Code: 7f3a9c21d4e8b605" in said
    assert f"https://agreements.example{TRUST}" in said
    assert b"/verify/" not in specimens.base()


@given(
    st.lists(st.text(max_size=60), min_size=1, max_size=9).flatmap(
        lambda heads: st.tuples(
            st.just(heads), st.lists(st.lists(st.text(max_size=300), max_size=len(heads)), max_size=9)
        )
    )
)
def test_columns_share_the_width_of_the_page_and_none_is_left_without(table: tuple[list[str], list[list[str]]]) -> None:
    widths = column_widths(*table)
    assert len(widths) == len(table[0])
    assert min(widths) > 0
    assert sum(widths) <= 100


def _head_fits(columns: Sequence[str], rows: Sequence[Sequence[str]], *, wide: bool = False) -> bool:
    """Whether each word of each head, in the bold of the page, fits on a line of its column."""
    size, page = (7.4, 257) if wide else (8.4, 170)
    room = [width / 100 * page * 72 / 25.4 - 2 * 1.6 * 72 / 25.4 for width in column_widths(columns, rows, wide=wide)]
    return all(
        text_width(word, size, bold=True) <= room[place] for place, head in enumerate(columns) for word in head.split()
    )


def test_no_word_of_a_head_is_broken_however_much_the_cells_say() -> None:
    much = "Business owner: Head of Revenues; information asset owner; data protection officer; breach contact. " * 9
    assert _head_fits(("Organisation", "Answer"), [("HMRC", much)])
    assert _head_fits(
        ("Party", "Act or instrument", "Section", "Kind of power", "What it permits"), [("x", *[much] * 4)]
    )
    forms = yaml.safe_load((ROOT / "workflows" / "forms" / "agreement.yaml").read_text())
    heads = [
        [column["label"] for column in question.get("columns", ())]
        for section in forms["sections"]
        for question in section["questions"]
    ]
    tables = [each for each in heads if each]
    assert len(tables) > 10
    for columns in tables:
        for place in range(len(columns)):
            row = [much if place == at else "Yes" for at in range(len(columns))]
            assert _head_fits(columns, [row], wide=len(columns) > 6), (columns, place)


def test_heads_and_moments_stand_on_one_line_of_the_page(tmp_path: Path) -> None:
    much = "Business owner: Head of Revenues; breach contact, day and night: security operations desk. " * 6
    answer = PresentedAnswer("people", "Which posts?", "party", rows=(("HM Revenue and Customs", much),))
    text = _text(_printed([answer]), tmp_path, "-layout").replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(r"^ *Organisation +Answer$", text, re.MULTILINE)
    assert re.search(r"approved +\d+ [A-Z][a-z]{2} 2026, \d\d:\d\d (GMT|BST)$", text, re.MULTILINE)


def _printed(answers: Sequence[PresentedAnswer], content: dict[str, Any] | None = None, **audit: Any) -> bytes:
    text = content or specimens.agreement()
    shown = (PresentedSection("purpose", "Purpose", tuple(answers)),)
    return render(text, sections=shown, audit=specimens.audit(content=text) | audit, marks=Marks())


def test_the_cover_fits_a_page_and_says_what_was_fixed_at_issue(tmp_path: Path) -> None:
    content = specimens.agreement(14) | {
        "title": "Local authorities, two departments and an agency: a memorandum of understanding for debt reduction",
        "route_reasons": ["It uses personal data.", "A board has to agree.", "It has 44 parties"],
        "parent_agreement": "MoU-U-83",
        "answers": {"life": {
            "lead_accountable": {"party": "hmrc", "post": "Permanent Secretary"},
            "start": {"after": "last_signature"}, "end": "2028-03-31", "review": {"after": "start", "months": 6},
        }},
    }  # fmt: skip
    content["parties"][0]["role"] = "both"
    content["parties"][1]["group"] = None
    bodies = [*specimens.bodies(), {"kind": "TextLocked", "recorded_at": "2026-11-17T15:24:00Z"}]
    pdf = _printed([], content, events=specimens.chained(bodies))
    cover, contents = _pages(pdf, tmp_path)[:2]
    assert "Contents" in contents
    said = re.sub(r"\s+", " ", cover)
    assert "Route standard: It uses personal data. A board has to agree. It has 44 parties. " in said
    assert "HM Revenue and Customs gives and gets data" in said
    assert "Status Issued for signature; agreed once every party has signed" in said
    assert "Issued 17 November 2026, 15:24 GMT " in said
    assert "simulated" not in said
    assert "Owner Permanent Secretary, HM Revenue and Customs" in said
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        attached = json.loads(opened.attachments["agreement.json"].get_file().read_bytes())
    for name, key in (("Starts", "start"), ("Ends", "end"), ("To be reviewed", "review")):
        assert f"{name} {date_text(attached['answers']['life'][key])} " in said
    draft = specimens.base(content, marks=Marks(mark="draft"))
    assert "Status Draft" in re.sub(r"\s+", " ", _pages(draft, tmp_path)[0])


def test_simulated_times_are_marked_where_they_are_printed(base_pdf: bytes, tmp_path: Path) -> None:
    assert "imulated time" not in _text(base_pdf, tmp_path)
    locked = {"kind": "TextLocked", "recorded_at": "2026-11-17T15:24:00Z", "simulated": True}
    pages = _pages(_printed([], events=specimens.chained([locked])), tmp_path)
    assert "15:24 GMT (simulated time)" in pages[0]
    last = next(page for page in pages[2:] if "Reviews and approvals" in page)
    assert "Simulated times: the moments and days in this section" in last
    assert "Time by stage, up to this document" in last


def test_short_lists_and_the_last_rows_of_tables_are_not_torn(tmp_path: Path) -> None:
    lists = [
        PresentedAnswer(f"l{n}", f"Question {n}?", "list", items=tuple(f"Entry {n}-{k}" for k in range(2 + n % 3)))
        for n in range(60)
    ]
    tables = [
        PresentedAnswer(f"t{n}", "Which?", "table", columns=("Item",), rows=tuple((f"Row {n}-{k}",) for k in range(n)))
        for n in range(33, 43)
    ]
    pages = _pages(_printed([*lists, *tables]), tmp_path)
    for answer in lists:
        assert any(all(re.search(f"{entry}$", page, re.MULTILINE) for entry in answer.items) for page in pages), answer
    rests = [len(re.findall(r"Row \d+-\d+", page)) for page in pages]
    assert 1 not in rests
    assert 2 in rests


def test_the_hash_of_the_last_event_stands_under_its_heading(tmp_path: Path) -> None:
    approval = specimens.audit()["approvals"][0]
    for count in range(24, 29):
        pages = _pages(_printed([], approvals=[approval] * count), tmp_path)
        assert next(page for page in pages if "Record of events" in page).count("Hash of the last event") == 1, count


@pytest.mark.slow
def test_forty_three_parties_and_three_hundred_items_are_all_there(tmp_path: Path) -> None:
    content = specimens.agreement(43)
    pdf = specimens.base(content, rows=300)
    pages = _pages(pdf, tmp_path)
    text = "\n".join(pages)
    assert all(f"Item {number} " in text for number in range(1, 301))
    annex = [page for page in pages if re.search(r"Item \d+ ", page)]
    assert all(re.search(r"Item +Description +Source", page) for page in annex)
    assert "41 councils" in pages[0]
    assert text.count("For Council ") == 41
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        fields = {str(field.T) for field in opened.Root.AcroForm.Fields}
    assert {name for name, _ in signature_fields(content)} | {"sig_issue", "sig_completion", "ts_1", "ts_12"} <= fields


def test_two_signatories_of_one_party_have_places_of_their_own() -> None:
    content = specimens.agreement()
    content["signatories"].append({**content["signatories"][0], "post": "Chief Finance Officer"})
    assert [name for name, _ in signature_fields(content)] == ["sig_hmrc_1", "sig_slc_1", "sig_hmrc_2"]


def test_times_are_shown_as_in_london() -> None:
    assert moment("2026-06-12T09:12:00+00:00") == "12 June 2026, 10:12 BST"
    assert moment("2026-12-12T09:12:00+00:00") == "12 December 2026, 09:12 GMT"
    assert moment("soon") == "soon"
    assert moment(None) == ""


@pytest.mark.parametrize(
    ("addresses", "says"),
    [
        (("embedded",), "stamped by: local: the service's own clock, not an independent authority."),
        (("https://tsa.example", "embedded"), "stamped by: https://tsa.example; if that does not answer, local: the"),
    ],
)
def test_the_signature_page_says_whose_clock_it_is(tmp_path: Path, addresses: tuple[str, ...], says: str) -> None:
    pdf = specimens.base(marks=Marks(stamped_by=stampers_told(addresses)))
    assert says in " ".join(_text(pdf, tmp_path).split())
