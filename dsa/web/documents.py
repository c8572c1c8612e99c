"""The document and the versions behind it. One rule: a file is sent as an attachment, as it is stored."""

from io import BytesIO

import segno
from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.domain.errors import NotFound
from dsa.services import differences, document_page, log_export, packs
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import row_number
from dsa.web.page import page
from dsa.web.record import note_look
from dsa.web.signing import short_code
from dsa.web.wording import gettext

blueprint = Blueprint("documents", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>"


@blueprint.get(f"{_AT}/document")
@signed_in
def receipt(reference: str) -> Answer:
    """Who has signed, who has not, and what to take away."""
    note_look(reference, "document")
    shown = document_page.document_page(context(), actor(), reference)
    return page(
        "receipt/receipt.html",
        document=shown,
        just_signed=bool(request.args.get("signed")) and bool(shown.signed),
        short=short_code(shown.content_hash),
        root=context().published().root,
        back=(f"/agreements/{reference}", gettext("Back to the agreement")),
    )


@blueprint.post(f"{_AT}/document/make")
@signed_in
def make(reference: str) -> Answer:
    """Make the document that waits."""
    document_page.make_now(context(), actor(), reference)
    return redirect(url_for("documents.receipt", reference=reference), 303)


@blueprint.get(f"{_AT}/document/make")
@signed_in
def show_make(reference: str) -> Answer:
    """It is a part of the document's page."""
    return redirect(url_for("documents.receipt", reference=reference), 303)


@blueprint.get(f"{_AT}/document.pdf")
@signed_in
def pdf(reference: str) -> Answer:
    """The document as it stands."""
    note_look(reference, "document file")
    return _file(*document_page.stored_pdf(context(), actor(), reference), "application/pdf")


@blueprint.get(f"{_AT}/issued.pdf")
@signed_in
def issued_pdf(reference: str) -> Answer:
    """The very bytes that everybody signs."""
    note_look(reference, "document file")
    return _file(*document_page.stored_pdf(context(), actor(), reference, issued=True), "application/pdf")


@blueprint.get(f"{_AT}/draft.pdf")
@signed_in
def draft_pdf(reference: str) -> Answer:
    """The draft, unsigned and marked as a draft."""
    note_look(reference, "draft file")
    return _file(document_page.draft_pdf(context(), actor(), reference), f"{reference}-draft.pdf", "application/pdf")


@blueprint.get(f"{_AT}/evidence.zip")
@signed_in
def evidence_zip(reference: str) -> Answer:
    """Everything that somebody without this service needs to check the document."""
    note_look(reference, "evidence pack")
    return _file(*packs.evidence_pack(context(), actor(), reference), "application/zip")


@blueprint.get(f"{_AT}/superseded.pdf")
@signed_in
def superseded_pdf(reference: str) -> Answer:
    """A copy that says on every page that a later agreement stands in its place."""
    note_look(reference, "document file")
    data = document_page.superseded_pdf(context(), actor(), reference)
    return _file(data, f"{reference}-superseded.pdf", "application/pdf")


@blueprint.get(f"{_AT}/agreement.json")
@signed_in
def agreement_json(reference: str) -> Answer:
    """The frozen content."""
    note_look(reference, "content file")
    data = document_page.agreement_json(context(), actor(), reference)
    return _file(data, f"{reference}-agreement.json", "application/json")


@blueprint.get(f"{_AT}/audit.json")
@signed_in
def audit_json(reference: str) -> Answer:
    """The record of events."""
    note_look(reference, "record of events")
    data = document_page.audit_json(context(), actor(), reference)
    return _file(data, f"{reference}-audit.json", "application/json")


@blueprint.get(f"{_AT}/terms.jsonld")
@signed_in
def terms_jsonld(reference: str) -> Answer:
    """The terms for machines."""
    note_look(reference, "content file")
    data = document_page.machine_terms(context(), actor(), reference)
    return _file(data, f"{reference}-terms.jsonld", "application/ld+json")


@blueprint.get(f"{_AT}/contract.odcs.json")
@signed_in
def contract_json(reference: str) -> Answer:
    """A data contract to begin from."""
    note_look(reference, "content file")
    data = document_page.machine_terms(context(), actor(), reference, contract=True)
    return _file(data, f"{reference}-contract.odcs.json", "application/json")


@blueprint.get(f"{_AT}/log.jsonl")
@signed_in
def full_log(reference: str) -> Answer:
    """The full log, with everything that somebody else needs to check it."""
    note_look(reference, "full log")
    data = log_export.full_log(context(), actor(), reference)
    return _file(data, f"{reference}-log.jsonl", "application/jsonl")


@blueprint.get(f"{_AT}/root.pem")
@signed_in
def root_pem(reference: str) -> Answer:
    """The root certificate of this installation: what a reader has to trust."""
    data = context().root_pem()
    if data is None:
        raise NotFound("The service's own authority is created with the first document. Come back when there is one.")
    return _file(data, "root.pem", "application/x-pem-file")


@blueprint.get(f"{_AT}/verify.png")
@signed_in
def verify_png(reference: str) -> Answer:
    """The verify address as a picture for a phone."""
    code = document_page.verify_code(context(), actor(), reference)
    drawn = BytesIO()
    segno.make(context().verify_url(code), error="m", micro=False).save(drawn, kind="png", scale=4, border=4)
    return Response(drawn.getvalue(), content_type="image/png")


@blueprint.get(f"{_AT}/versions")
@signed_in
def versions(reference: str) -> Answer:
    """Every frozen version."""
    note_look(reference, "versions")
    header, rows = differences.list_versions(context(), actor(), reference)
    back = (f"/agreements/{reference}", gettext("Back to the agreement"))
    return page("versions/list.html", header=header, versions=rows, short_code=short_code, back=back)


@blueprint.get(f"{_AT}/versions/<int:number>")
@signed_in
def version(reference: str, number: int) -> Answer:
    """A version as it reads; with ``since``, only what changed in it since that version."""
    note_look(reference, "version")
    since = request.args.get("since", type=row_number)
    shown = differences.version_page(context(), actor(), reference, number, since=since)
    back = (url_for("documents.versions", reference=reference), gettext("All versions"))
    return page("versions/version.html", shown=shown, short_code=short_code, back=back)


def _file(data: bytes, name: str, media_type: str) -> Response:
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
