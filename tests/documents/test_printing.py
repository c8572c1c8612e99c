"""The printed agreement: the same bytes every time, everything on it, nothing fetched."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.adapters import pdf as printing
from dsa.adapters.pdf import DocumentFailed, Marks
from dsa.adapters.pdf_layout import column_widths, moment, signature_fields
from dsa.domain.integrity import canonical, digest
from dsa.domain.stamps import stampers_told
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
