"""A pack for a request for information. One rule: nothing is withheld or released without somebody seeing it first."""

from dataclasses import dataclass
from hashlib import sha256

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.domain.redaction import EXEMPTIONS, Wording
from dsa.services import releasing
from dsa.services.releasing import ReleasePage
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.forms import Submitted
from dsa.web.page import page, say
from dsa.web.record import note_look
from dsa.web.wording import gettext, mark

blueprint = Blueprint("releasing", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>/information-request"
ROWS = 5
KINDS = {"name": mark("a person's name"), "email": mark("an e-mail address"), "phone": mark("a telephone number")}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Words that the service proposes to withhold, with the names of their fields."""

    key: str
    words: str
    kind: str
    kept: bool
    why: str


@blueprint.get(_AT)
@signed_in
def ask(reference: str) -> Answer:
    """What would be withheld, and the packs made before."""
    note_look(reference, "information request")
    return _page(reference, Submitted.tidied(request.args))


@blueprint.post(_AT)
@signed_in
def make(reference: str) -> Answer:
    """Make the pack."""
    sent = Submitted.tidied(request.form)
    found = releasing.release_page(context(), actor(), reference)
    added = _added(sent)
    released = {}
    for proposal in _proposals(found, sent):
        if proposal.kept:
            if not proposal.why:
                sent.wrong(f"why-{proposal.key}", gettext("Say why it may be released"))
            released[proposal.words] = proposal.why
    if not sent.errors:
        try:
            name = releasing.make(context(), actor(), reference, released=released, added=added)
        except BadInput as problem:
            sent.wrong("words-1", say(problem.refusal))
        else:
            return redirect(url_for("releasing.ask", reference=reference, made=name[:12]), 303)
    return _page(reference, sent)


@blueprint.get(f"{_AT}/<name>.zip")
@signed_in
def file(reference: str, name: str) -> Answer:
    """A pack that our side made."""
    answer = Response(releasing.pack(context(), actor(), reference, name), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{reference}-information-request-{name[:12]}.zip"'
    return answer


def _page(reference: str, sent: Submitted) -> Answer:
    found = releasing.release_page(context(), actor(), reference)
    return page(
        "releasing/release.html",
        found=found,
        agreement=found.header,
        proposals=_proposals(found, sent),
        kinds={key: gettext(words) for key, words in KINDS.items()},
        exemptions=[(code, f"{section} {gettext(what)}") for code, (section, what) in EXEMPTIONS.items()],
        rows=range(1, ROWS + 1),
        just_made=request.args.get("made", ""),
        sent=sent,
        errors=sent.errors,
        back=(f"/agreements/{reference}/document", gettext("Back to the document")),
    )


def _proposals(found: ReleasePage, sent: Submitted) -> list[Proposal]:
    proposals = []
    for each in found.proposed:
        key = sha256(each.words.encode()).hexdigest()[:12]
        why = sent.form.get(f"why-{key}", "").strip()[:1000]
        proposals.append(Proposal(key, each.words, each.kind, bool(sent.form.get(f"keep-{key}")), why))
    return proposals


def _added(sent: Submitted) -> list[Wording]:
    """The rows of words that a person wants withheld besides; what is missing in a row is said beside it."""
    found = []
    for number in range(1, ROWS + 1):
        words = sent.text(f"words-{number}", label=gettext("Words"), limit=300)
        if not words:
            continue
        exemption = sent.choice(
            f"exemption-{number}", list(EXEMPTIONS), required=gettext("Choose the exemption for these words")
        )
        needed = gettext("Say why these words are withheld")
        why = sent.text(f"reason-{number}", label=gettext("Reason"), required=needed, limit=1000)
        found.append(Wording(words, exemption or "", "chosen", why))
    return found
