"""A pack for a request for information. One rule: the service proposes what to withhold, a person decides.

Never in it: legal advice, private notes and comments of any side, people's names and details beside the text.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, NotFound, Refused
from dsa.domain.presentation import present
from dsa.domain.redaction import EXEMPTIONS, Withheld, Wording, proposed, redact
from dsa.persistence import history, releases, rows, work
from dsa.persistence.heads import Loaded
from dsa.services import content, evidence, release_words
from dsa.services.agreement_header import Header, header_of
from dsa.services.archive import zipped
from dsa.services.context import Context
from dsa.services.moving import Happening, open_for, take
from dsa.services.permitting import demand
from dsa.services.timeline_events import EventShown, events_shown

ACTION = "release_information"
KIND = "information_pack"


@dataclass(frozen=True, slots=True)
class Made:
    """A pack that was made: by which post, when, how many places were withheld."""

    sha256: str
    at: datetime
    by: str
    withheld: int
    size: int


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """What would be withheld (``proposed``), and the packs that our side made before, newest first."""

    header: Header
    proposed: tuple[Wording, ...]
    made: tuple[Made, ...]
    has_text: bool


def release_page(ctx: Context, actor: Actor, reference: str) -> ReleasePage:
    """What the service proposes to withhold. Raises NotFound for strangers, NotAllowed for others of a party."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        held = demand(ctx, session, actor, ACTION, loaded)
        text = content.newest(session, loaded)
        return ReleasePage(
            header_of(ctx, session, loaded),
            _proposed(session, loaded, text) if text is not None else (),
            tuple(_made(row) for row in _own(session, loaded, held)),
            text is not None,
        )


def make(ctx: Context, actor: Actor, reference: str, *, released: Mapping[str, str], added: Sequence[Wording]) -> str:
    """Make the pack and keep it; returns its SHA-256.

    ``released``: proposed words that are to stay, each with the reason. ``added``: words to withhold besides. Raises
    BadInput for a reason or exemption that is missing, Refused before any text was frozen.
    """
    _demand_reasons(released, added)
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        held = demand(ctx, session, actor, ACTION, loaded)
        text = content.newest(session, loaded)
        if text is None:
            raise Refused("There is no text yet that anybody could ask for. It is there when the draft was checked.")
        kept = [each for each in _proposed(session, loaded, text) if each.words not in released]
        wordings = (*kept, *added)
        left, log = redact(text.content, wordings)
        audit = redact(_audit(ctx, session, loaded), wordings)[0]
        files = _files(ctx, session, loaded, actor, held, wordings)
        form = content.form_of(ctx, session, loaded)
    files["withheld.csv"] = _csv(release_words.LOG_COLUMNS, release_words.log_lines(log, released, by=held.title))
    files["agreement.pdf"] = ctx.documents.render(left, present(form, left), audit, mark="release")
    data = zipped({f"{reference}/{name}": each for name, each in files.items()})
    return _keep(ctx, actor, reference, data, log)


def _keep(ctx: Context, actor: Actor, reference: str, data: bytes, log: Sequence[Withheld]) -> str:
    """Keep the pack for our side, and record privately that it was made."""
    name = ctx.files.put(data)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, ACTION, loaded)
        facts = {"sha256": name, "withheld": sum(each.times for each in log)}
        happening = Happening("InformationPackMade", facts, private=True)
        step = take(ctx, session, loaded, actor, held, happening, bump=False)
        if not work.file_known(session, name):
            about = {"kind": KIND, "side": held.organisation_id, "by": held.title, "withheld": len(log)}
            row = {"sha256": name, "size": len(data), "media_type": releases.MEDIA_TYPE, "facts": about}
            rows.add(session, "stored_files", row | {"agreement_id": loaded.head.id, "stored_at": step.at})
    return name


def pack(ctx: Context, actor: Actor, reference: str, name: str) -> bytes:
    """A pack that our side made. Raises NotFound for any other."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        held = demand(ctx, session, actor, ACTION, loaded)
        if all(row.sha256 != name for row in _own(session, loaded, held)):
            raise NotFound("There is no such pack of your organisation. Choose one of the list.")
    return ctx.files.get(name)


def _demand_reasons(released: Mapping[str, str], added: Sequence[Wording]) -> None:
    for words, reason in released.items():
        if not reason.strip():
            raise BadInput("Say why “%(words)s” may be released.", words=words[:80])
    for each in added:
        if each.exemption not in EXEMPTIONS:
            raise BadInput("Choose the exemption under which “%(words)s” is withheld.", words=each.words[:80])
        if not each.reason.strip():
            raise BadInput("Say why “%(words)s” is withheld.", words=each.words[:80])


def _proposed(session: Session, loaded: Loaded, text: content.Text) -> tuple[Wording, ...]:
    return proposed(text.content["answers"], names=releases.names_of_staff(session, loaded.head.id))


def _own(session: Session, loaded: Loaded, held: Held) -> list[Any]:
    every = releases.packs(session, loaded.head.id)
    return [row for row in every if row.facts.get("kind") == KIND and row.facts.get("side") == held.organisation_id]


def _made(row: Any) -> Made:
    return Made(row.sha256, row.stored_at, str(row.facts["by"]), int(row.facts["withheld"]), row.size)


def _audit(ctx: Context, session: Session, loaded: Loaded) -> Mapping[str, Any]:
    """The audit of a copy for release: who decided what and how long it took; no events, whose words are not for it."""
    approvals = evidence.approvals_of(ctx, session, loaded)
    simulated = any(json.loads(row.body).get("simulated") for row in history.events(session, loaded.head.id))
    stages = evidence.stages_of(ctx, session, loaded)
    return {"approvals": approvals, "stages": stages, "events": [], "simulated": simulated}


def _files(
    ctx: Context, session: Session, loaded: Loaded, actor: Actor, held: Held, wordings: Sequence[Wording]
) -> dict[str, bytes]:
    history = [_told(event) for event in reversed(events_shown(ctx, session, loaded, actor)) if not event.own_side]
    decisions = [
        (d["at"], d["party"], d["review"], d["decided_by"], d["outcome"])
        for d in redact(evidence.approvals_of(ctx, session, loaded), wordings)[0]
    ]
    return {
        "README.txt": release_words.readme(loaded.head.reference, by=held.title, organisation=held.organisation_name),
        "history.csv": _csv(release_words.HISTORY_COLUMNS, redact(history, wordings)[0]),
        "decisions.csv": _csv(release_words.DECISION_COLUMNS, decisions),
    }


def _told(event: EventShown) -> list[str]:
    """One event of the shared history: that it happened, never what was written about it."""
    return [event.recorded_at.isoformat(), release_words.happened(event.kind), event.post, event.organisation]


def _csv(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    for line in (columns, *lines):
        writer.writerow([f"'{cell}" if cell[:1] in tuple("=+-@\t\r") else cell for cell in map(str, line)])
    return ("\ufeff" + written.getvalue()).encode()
