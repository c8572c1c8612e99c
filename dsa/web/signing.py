"""The signing page. One rule: a person signs the bytes whose code is shown, right after confirming who they are."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.errors import Conflict, NotAllowed, Refusal, Refused
from dsa.services import document_page, reviewing, signing, signing_in, task_page
from dsa.services.reviewing import Verdict
from dsa.services.signing import ToSign
from dsa.services.task_page import TaskPage
from dsa.web import decision_form
from dsa.web.access import person, signed_in
from dsa.web.acting import actor, confirmed, context
from dsa.web.composition import services
from dsa.web.forms import Submitted
from dsa.web.page import page
from dsa.web.reviewing import too_late
from dsa.web.wording import gettext

blueprint = Blueprint("signing", __name__)
Answer = Response | tuple[str, int]
_SIGN = "/agreements/<reference>/tasks/<key>/sign"


@blueprint.get(_SIGN)
@signed_in
def show(reference: str, key: str) -> Answer:
    """What is to be signed, or why it cannot be signed now."""
    shown = task_page.task_page(context(), actor(), reference, key)
    if shown.kind != "signature" or not shown.is_open:
        return redirect(url_for("reviewing.show", reference=reference, key=key), 303)
    return _sign_page(shown, Submitted(MultiDict()))


@blueprint.post(_SIGN)
@signed_in
def sign(reference: str, key: str) -> Answer:
    """Sign. Without a fresh confirmation the person confirms first and comes back."""
    try:
        signing.to_sign(context(), actor(), reference, key)
        if not confirmed():
            here = url_for("signing.show", reference=reference, key=key)
            return redirect(url_for("signin.confirm", next=here), 303)
        seen, code = request.form.get("seen", type=int) or 0, request.form.get("seen_sha256", "")[:64]
        signing.sign(context(), actor(), reference, key, seen=seen, seen_sha256=code, confirmed=True)
    except Conflict as conflict:
        return too_late(reference, key, conflict)
    signing_in.spend_confirmation(services().database, person())
    return redirect(url_for("documents.receipt", reference=reference, signed=key), 303)


@blueprint.post("/agreements/<reference>/tasks/<key>/decline")
@signed_in
def decline(reference: str, key: str) -> Answer:
    """Decline to sign, with a reason that every party sees."""
    form = Submitted(request.form)
    required = gettext("Say why you decline: every party sees the reason")
    reason = form.text("reason", label=gettext("Your reason"), required=required, limit=4_000)
    shown = task_page.task_page(context(), actor(), reference, key)
    if form.errors and shown.is_open:
        return _sign_page(shown, form)
    try:
        seen = request.form.get("seen", type=int) or 0
        reviewing.decide_task(context(), actor(), reference, key, Verdict("declined", reason), seen=seen)
    except Conflict as conflict:
        return too_late(reference, key, conflict)
    return redirect(url_for("reviewing.recorded", reference=reference, key=key), 303)


@blueprint.get("/agreements/<reference>/tasks/<key>/decline")
@signed_in
def show_decline(reference: str, key: str) -> Answer:
    """It is a part of the signing page."""
    return redirect(url_for("signing.show", reference=reference, key=key), 303)


def _sign_page(shown: TaskPage, form: Submitted) -> Answer:
    reference = shown.header.reference
    to_sign, refusal = _to_sign(reference, shown.key)
    return page(
        "sign/sign.html",
        task=shown,
        to_sign=to_sign,
        refusal=refusal,
        ready=to_sign is not None and to_sign.status in ("issued", "signing"),
        confirmed=confirmed(),
        minutes=document_page.reading_minutes(context(), actor(), reference),
        short=short_code(to_sign.document_sha256) if to_sign is not None else "",
        colleagues=decision_form.colleagues(shown),
        values=form.form,
        wrong=form.error_at,
        errors=form.errors,
        back=(f"/agreements/{reference}", gettext("Back to the agreement")),
    )


def _to_sign(reference: str, key: str) -> tuple[ToSign | None, Refusal | None]:
    try:
        return signing.to_sign(context(), actor(), reference, key), None
    except (NotAllowed, Refused) as problem:
        return None, problem.refusal


def short_code(digest: str) -> str:
    """The first 16 digits of a hash in groups of four, as people compare it with paper."""
    return " ".join(digest[start : start + 4] for start in range(0, min(16, len(digest)), 4)).upper()
