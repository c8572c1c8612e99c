"""Every way of changing a signed agreement that was ever described to us is found, and named rightly."""

import io
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from dsa.adapters import authority_making
from dsa.adapters.authority import Authority
from dsa.adapters.pdf import render
from dsa.adapters.verification import Verdict, verify
from dsa.domain.checkpoints import Key
from dsa.domain.errors import BadInput
from dsa.domain.integrity import canonical
from tests.documents import specimens


def _check(pdf: bytes, authority: Authority) -> Verdict:
    return verify(pdf, roots=[authority.root_pem])


def _failed(found: Verdict) -> set[str]:
    return {check.check for check in found.checks if not check.ok}


def _appended(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    """The document with one more revision that overwrites these objects, written by hand."""
    last = int(pdf.rstrip().rsplit(b"startxref", 1)[1].split()[0])
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        trailer = opened.trailer
        root, info, size = trailer.Root.objgen[0], trailer.Info.objgen[0], int(trailer.Size)
    out, places = bytearray(pdf), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    size = max(size, *(number + 1 for number in objects))
    out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /Prev %d >>\n" % (size, root, info, last)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _object(
    pdf: bytes,
    find: Callable[[pikepdf.Pdf], pikepdf.Object],
    change: Callable[[pikepdf.Object], object] = lambda _: None,
) -> tuple[int, bytes]:
    """The number of an object and its bytes, changed."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        found = find(opened)
        change(found)
        return found.objgen[0], found.unparse(resolved=True)


def flip_text(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        raw = bytes(opened.pages[0].Contents.read_raw_bytes())
    at = pdf.index(raw) + len(raw) // 2
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def flip_signature(pdf: bytes) -> bytes:
    at = pdf.index(b"3082", pdf.index(b"/ByteRange")) + 2000
    return pdf[:at] + (b"0" if pdf[at : at + 1] != b"0" else b"1") + pdf[at + 1 :]


def shadow_page(pdf: bytes) -> bytes:
    number, page = _object(pdf, lambda opened: opened.pages[0].obj, lambda page: page.__setitem__("/Rotate", 180))
    return _appended(pdf, {number: page})


def shadow_annotation(pdf: bytes) -> bytes:
    number, page = _object(pdf, lambda opened: opened.pages[0].obj)
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [0 0 600 800] /Contents (x) /DA (/F 9 Tf) /F 4 >>"
    return _appended(pdf, {number: page.rstrip()[:-2] + b" /Annots [9000 0 R] >>", 9000: note})


def swap_attachment(pdf: bytes) -> bytes:
    number, _ = _object(pdf, lambda opened: opened.attachments["agreement.json"].obj.EF.F)
    data = b'{"schema":"dsa.agreement/1"}'
    return _appended(pdf, {number: b"<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream" % (len(data), data)})


def swap_attachment_and_save_again(pdf: bytes) -> bytes:
    opened = pikepdf.open(io.BytesIO(pdf))
    opened.attachments["agreement.json"].obj.EF.F.write(b"{}")
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue()


def unset_signature(pdf: bytes) -> bytes:
    def field(opened: pikepdf.Pdf) -> pikepdf.Object:
        return next(each for each in opened.Root.AcroForm.Fields if str(each.T) == "sig_slc_1")

    number, found = _object(pdf, field, lambda found: found.__delitem__("/V"))
    return _appended(pdf, {number: found})


def drop_signatures(pdf: bytes) -> bytes:
    """Cut back to the revision after the first person."""
    ends = [at for at in range(len(pdf)) if pdf.startswith(b"%%EOF", at)]
    return pdf[: ends[3] + 6]


def change_title(pdf: bytes) -> bytes:
    number, found = _object(
        pdf, lambda opened: opened.trailer.Info, lambda found: found.__setitem__("/Title", "Something else")
    )
    return _appended(pdf, {number: found})


def append_junk(pdf: bytes) -> bytes:
    return pdf + b"\nand more\n"


def append_line(pdf: bytes) -> bytes:
    return pdf + b"\n"


def append_end(pdf: bytes) -> bytes:
    """One more mark of an end, which leads a reader nowhere."""
    return pdf + b"%%EOF"


def cut_closing_stamp(pdf: bytes) -> bytes:
    """Cut back to the closing seal: the time stamp over the whole document goes."""
    return pdf[: _revision_ends(pdf)[-2]]


def _revision_ends(pdf: bytes) -> list[int]:
    """Where each revision ends, the last with the file."""
    return [found.end() for found in re.finditer(rb"%%EOF\r?\n?", pdf)]


def save_again(pdf: bytes) -> bytes:
    """Opened and saved by another program, with nothing changed that anybody would see."""
    out = io.BytesIO()
    pikepdf.open(io.BytesIO(pdf)).save(out)
    return out.getvalue()


def remove_attachment(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        root = opened.Root
        holder = next(each for each in (root.Names.EmbeddedFiles, root.Names, root) if each.is_indirect)
        root.Names.EmbeddedFiles.Names = pikepdf.Array(list(root.Names.EmbeddedFiles.Names)[:2])
        return _appended(pdf, {holder.objgen[0]: holder.unparse(resolved=True)})


def exchange_audit_log(pdf: bytes) -> bytes:
    """The record of events of another agreement in place of this one's, in one more revision."""
    number, _ = _object(pdf, lambda opened: opened.attachments["audit.json"].obj.EF.F)
    data = canonical({**specimens.audit(7), "agreement": "DSA-2026-00018"})
    return _appended(pdf, {number: b"<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream" % (len(data), data)})


VARIANTS = {
    flip_text: "signatures",
    flip_signature: "signatures",
    shadow_page: "pages",
    shadow_annotation: "pages",
    swap_attachment: "attachments",
    swap_attachment_and_save_again: "signatures",
    unset_signature: "signatories",
    drop_signatures: "signatories",
    change_title: "metadata",
    append_junk: "end",
    append_line: "end",
    append_end: "end",
    cut_closing_stamp: "closing-stamp",
    save_again: "signatures",
    remove_attachment: "attachments",
    exchange_audit_log: "attachments",
}


def test_the_untouched_document_is_genuine_and_every_check_holds(authority: Authority, signed_pdf: bytes) -> None:
    found = _check(signed_pdf, authority)
    assert (found.verdict, found.level, found.ok, found.example) == ("genuine", "B-LTA", True, True)


@pytest.mark.parametrize("tamper", VARIANTS, ids=lambda each: each.__name__)
def test_each_way_of_tampering_is_found_and_named(
    tamper: Callable[[bytes], bytes], authority: Authority, signed_pdf: bytes
) -> None:
    tampered = tamper(signed_pdf)
    assert tampered != signed_pdf
    found = _check(tampered, authority)
    assert found.verdict == "changed"
    assert VARIANTS[tamper] in _failed(found), [check for check in found.checks if not check.ok]


def test_a_copy_cut_off_after_a_signature_is_called_incomplete(authority: Authority, signed_pdf: bytes) -> None:
    found = _check(drop_signatures(signed_pdf), authority)
    assert found.headline.startswith("Not complete")
    assert "1 of 2 required signatures is missing" in " ".join(check.says for check in found.checks)


def test_a_copy_without_its_closing_time_stamp_is_not_complete(authority: Authority, signed_pdf: bytes) -> None:
    found = _check(cut_closing_stamp(signed_pdf), authority)
    assert found.headline == "Not complete: this is not the whole signed document. What is there is unchanged."
    assert (found.ok, found.complete, found.state) == (False, False, "incomplete")
    said = "The time stamp after the closing seal is missing: the end of this copy was cut away."
    assert [check.says for check in found.checks if not check.ok] == [said]


def test_no_copy_cut_at_the_end_of_a_revision_is_called_genuine(authority: Authority, signed_pdf: bytes) -> None:
    ends = _revision_ends(signed_pdf)
    assert ends[-1] == len(signed_pdf)
    assert len(ends) >= 7, "the text, two seals with their time stamps, two people"
    told = []
    for end in ends[:-1]:
        for cut in (signed_pdf[:end], signed_pdf[:end].rstrip(), signed_pdf[:end] + b"\n"):
            try:
                found = _check(cut, authority)
            except BadInput:
                continue
            assert found.verdict != "genuine", f"cut at {end} of {len(signed_pdf)}"
            assert not found.ok
            told.append(found.headline.partition(":")[0])
    assert told.count("Not complete") == len([end for end in ends[:-1] if b"/ByteRange" in signed_pdf[:end]])


def test_a_document_that_was_stamped_again_may_be_a_copy_from_before(authority: Authority, signed_pdf: bytes) -> None:
    renewed = specimens.signatures(authority).refresh(signed_pdf).data
    assert _check(renewed, authority).ok
    assert _check(renewed[: len(signed_pdf)], authority).ok


def test_a_copy_that_waits_for_its_closing_seal_is_told_as_waiting(authority: Authority, base_pdf: bytes) -> None:
    content, service = specimens.agreement(), specimens.signatures(authority)
    pdf = service.seal_issue(base_pdf)
    issued = _check(pdf, authority)
    assert issued.answers["who_signed"] == "Nobody has signed yet."
    for index in range(2):
        pdf = service.sign_as_person(pdf, specimens.person(content, index)).data
    found = _check(pdf, authority)
    assert found.state == "incomplete"
    assert _failed(found) == {"completion-seal"}
    assert "everybody has signed, but the document was not closed yet" in found.checks[-1].says


def test_what_was_put_behind_the_document_does_not_hide_that_it_holds(authority: Authority, signed_pdf: bytes) -> None:
    for more in (b"\n", b"%%EOF", b"%%EOF\n", b" ", b"\nstartxref\n1\n%%EOF\n"):
        found = _check(signed_pdf + more, authority)
        assert found.headline.startswith("Changed: bytes were added after the last signature.")
        assert _failed(found) == {"end"}
    assert "1 byte was added" in " ".join(check.says for check in _check(signed_pdf + b"\n", authority).checks)


def test_another_authority_of_the_same_names_is_not_ours(
    authority: Authority, tmp_path: Path, base_pdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = authority.root.subject.rfc4514_string().partition("root ")[2][:8]
    monkeypatch.setattr(authority_making.secrets, "token_hex", lambda size: number)
    other = Authority.open(tmp_path, demo=True)
    assert other.root.subject == authority.root.subject
    assert other.issuers["people"].subject == authority.issuers["people"].subject
    forged = specimens.signed(other, specimens.agreement(), base_pdf)
    found = _check(forged, authority)
    assert found.verdict == "not_ours"
    assert "authority" in _failed(found)
    assert _check(forged, other).verdict == "genuine"


def test_without_a_root_the_authority_is_unknown(signed_pdf: bytes) -> None:
    found = verify(signed_pdf, roots=[])
    assert found.verdict == "unknown_authority"
    assert not found.ok


Spoil = Callable[[dict[str, Any]], object]
# What somebody could seal who holds the seal itself: each is a record that does not hold together.
RECORDS: dict[str, tuple[Spoil, str]] = {
    "reordered events": (lambda audit: audit["events"].reverse(), "events"),
    "a rewritten event": (lambda audit: audit["events"][2]["body"].update(kind="approved"), "events"),
    "a deleted event": (lambda audit: audit["events"].pop(2), "events"),
    "the last event deleted": (lambda audit: audit["events"].pop(), "events"),
    "the record of another agreement": (lambda audit: audit.update(agreement="DSA-2026-00018"), "events"),
    "other signatories": (lambda audit: audit["signatories"].pop(), "record-signatories"),
    "an approval nobody gave": (lambda audit: audit["approvals"][0].update(event=3), "record-approvals"),
    "an approval by another post": (lambda audit: audit["approvals"][0].update(decided_by="x"), "record-approvals"),
    "another place in the log": (lambda audit: audit["log"]["proofs"][0].update(index=4), "record-in-log"),
    "a proof with another hash": (lambda audit: audit["log"]["proofs"][0]["path"].reverse(), "record-in-log"),
    "no proof": (lambda audit: audit["log"]["proofs"].pop(), "record-in-log"),
    "a checkpoint of another size": (
        lambda audit: audit["log"].update(checkpoint=audit["log"]["checkpoint"].replace("\n8\n", "\n9\n")),
        "record-in-log",
    ),
    "another key": (lambda audit: audit["log"].update(key=OTHER_KEY.text), "record-in-log"),
}
OTHER_KEY = Key("EXAMPLE-dsa-log-0", b"x" * 32)


@pytest.mark.parametrize("how", RECORDS)
def test_a_record_that_does_not_hold_together_is_found_and_named(authority: Authority, how: str) -> None:
    spoil, check = RECORDS[how]
    content, audit = specimens.agreement(), specimens.audit()
    spoil(audit)
    document = render(content, sections=specimens.sections(), audit=audit)
    found = _check(specimens.signed(authority, content, document), authority)
    assert _failed(found) == {check}
    assert found.verdict == "changed"


def test_a_signature_of_another_post_is_found(authority: Authority, base_pdf: bytes) -> None:
    content, service = specimens.agreement(), specimens.signatures(authority)
    pdf = service.seal_issue(base_pdf)
    pdf = service.sign_as_person(pdf, replace(specimens.person(content, 0), post="Office junior")).data
    pdf = service.sign_as_person(pdf, specimens.person(content, 1)).data
    found = _check(service.seal_completion(pdf).data, authority)
    assert _failed(found) == {"posts"}


def _bomb() -> bytes:
    data = zlib.compress(b"0" * 80_000_000, 9)
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /XRef /Size 2 /W [1 2 1] /Root 1 0 R /Filter /FlateDecode /Length "
    body = head + str(len(data)).encode() + b" >>\nstream\n" + data + b"\nendstream\nendobj\n"
    return body + b"startxref\n9\n%%EOF\n"


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04 not a PDF", id="another-kind-of-file"),
        pytest.param(b"%PDF-1.7\n", id="only-a-header"),
        pytest.param(b"%PDF-1.7\nstartxref\n5\n%%EOF", id="no-objects"),
        pytest.param(b"%PDF-1.7\n" + b"[" * 200_000 + b"\nstartxref\n9\n%%EOF", id="nested"),
        pytest.param(b"%PDF-1.7\n" + b"0" * (65 * 1024 * 1024), id="huge"),
        pytest.param(_bomb(), id="bomb"),
    ],
)
def test_a_hostile_file_gets_a_plain_refusal(hostile: bytes, authority: Authority) -> None:
    with pytest.raises(BadInput) as refused:
        _check(hostile, authority)
    assert str(refused.value).endswith((".", "checked."))


def test_an_encrypted_or_cut_off_document_gets_a_plain_refusal(authority: Authority, signed_pdf: bytes) -> None:
    out = io.BytesIO()
    pikepdf.open(io.BytesIO(signed_pdf)).save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(BadInput, match="encrypted"):
        _check(out.getvalue(), authority)
    with pytest.raises(BadInput, match="cut off"):
        _check(signed_pdf[:30_000], authority)


def test_a_pdf_without_signatures_is_not_ours(authority: Authority, base_pdf: bytes) -> None:
    assert _check(base_pdf, authority).verdict == "not_ours"


def test_the_json_has_the_agreed_shape(authority: Authority, signed_pdf: bytes) -> None:
    found = json.loads(json.dumps(_check(signed_pdf, authority).as_json()))
    assert {"verdict", "example", "level", "signatures", "checks"} <= set(found)
    assert {"check", "ok", "says"} == set(found["checks"][0])
