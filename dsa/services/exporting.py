"""Many agreements as one file, made by a job. One rule: what is in it is what its asker may see when it is made.

The list is fixed when it is asked for; each agreement goes in as its evidence pack. The job begins again from the
start after a crash: the file appears whole or not at all.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound, Problem, Refused
from dsa.persistence import exports, outbox
from dsa.services import agreements_list, archive, packs, permitting
from dsa.services.agreements_list import Filters
from dsa.services.context import Context
from dsa.services.directory import actor_in
from dsa.services.moving import open_for
from dsa.services.ports import Archives

MOST = 500
KEPT = timedelta(days=7)
_SAID_EVERY = 5


@dataclass(frozen=True, slots=True)
class ExportShown:
    """An export as its page shows it. ``status``: waiting, running, done, failed, expired."""

    id: int
    status: str
    filters: Mapping[str, str]
    total: int
    done: int
    left_out: int
    size: int
    problem: str
    asked_at: datetime
    expires_at: datetime | None


def ask(ctx: Context, actor: Actor, filters: Filters) -> int:
    """Ask for the agreements of a list as a file; returns the export's id.

    Raises Refused where the list is empty or holds more than ``MOST``, and while another one is being made.
    """
    references = [row.reference for row in agreements_list.agreements_file(ctx, actor, filters)]
    if not references:
        raise Refused("No agreement fits the filters, so there is nothing to export.")
    if len(references) > MOST:
        raise Refused(
            "The list holds %(count)s agreements, and an export holds %(most)s at most. Narrow the list first.",
            count=len(references),
            most=MOST,
        )
    now = ctx.clock.now()
    with ctx.database.writing() as session:
        if exports.unfinished(session, actor.person_id):
            raise Refused("An export of yours is being made. Wait until it is ready, then ask for the next.")
        values = {"person_id": actor.person_id, "method": actor.method, "references": references, "asked_at": now}
        shown = {name: _as_typed(getattr(filters, name)) for name in filters.active()}
        number = exports.add(session, values | {"filters": shown, "total": len(references)})
        outbox.ask(session, "export", f"export:{number}", {"export": number}, at=now)
    return number


def _as_typed(value: object) -> str:
    return "yes" if value is True else str(value)


def mine(ctx: Context, actor: Actor) -> tuple[ExportShown, ...]:
    """The exports that the actor asked for, newest first."""
    with ctx.database.reading() as session:
        return tuple(_shown(row) for row in exports.of_person(session, actor.person_id))


def one(ctx: Context, actor: Actor, number: int) -> ExportShown:
    """One export of the actor. Raises NotFound for another person's."""
    with ctx.database.reading() as session:
        return _shown(_own(session, actor, number))


def file(ctx: Context, actor: Actor, number: int) -> tuple[Iterator[bytes], int]:
    """The finished file piece by piece, and its size. Raises NotFound, or Refused where it is not there."""
    with ctx.database.reading() as session:
        row = _own(session, actor, number)
    if row.sha256 is None or ctx.archives is None:
        raise Refused("This export is not ready, or its file was removed after a week. Ask for it again.")
    try:
        return ctx.archives.pieces(row.sha256), int(row.size or 0)
    except KeyError as problem:
        raise Refused("The file of this export is gone. Ask for it again.") from problem


def _own(session: Session, actor: Actor, number: int) -> Any:
    row = exports.one(session, number)
    if row is None or row.person_id != actor.person_id:
        raise NotFound("There is no such export of yours. Look at the list of your exports.")
    return row


def _shown(row: Any) -> ExportShown:
    gone = row.status == "done" and row.sha256 is None
    return ExportShown(
        row.id,
        "expired" if gone else row.status,
        row.filters,
        row.total,
        row.done,
        row.left_out,
        row.size or 0,
        row.problem or "",
        row.asked_at,
        row.expires_at,
    )


def make(ctx: Context, number: int) -> None:
    """Make an export that waits, saying how far it is; making it again after it is done changes nothing."""
    if ctx.archives is None:
        raise Refused("This installation keeps no exports.")
    _forget_expired(ctx, ctx.archives)
    with ctx.database.writing() as session:
        row = exports.one(session, number)
        if row is None or row.status in ("done", "failed"):
            return
        exports.change(session, number, status="running", done=0, left_out=0)
    try:
        name, size, left_out = _assemble(ctx, ctx.archives, row)
    except NotFound as problem:
        give_up(ctx, number, str(problem))
        return
    now = ctx.clock.now()
    with ctx.database.writing() as session:
        exports.change(
            session, number, status="done", done=row.total, left_out=left_out, sha256=name, size=size,
            finished_at=now, expires_at=now + KEPT,
        )  # fmt: skip


def give_up(ctx: Context, number: int, problem: str) -> None:
    """Say that an export cannot be made, so that its asker knows, and can ask for another."""
    with ctx.database.writing() as session:
        exports.change(session, number, status="failed", problem=problem, finished_at=ctx.clock.now())


def _assemble(ctx: Context, archives: Archives, row: Any) -> tuple[str, int, int]:
    """Write the file; returns its name, its size, and how many agreements have no document in it."""
    with ctx.database.reading() as session:
        actor = actor_in(ctx, session, row.person_id, method=row.method)
    told: list[tuple[str, str, str]] = []
    with archives.assembling() as assembly, archive.opened(assembly.out) as pack:
        for count, reference in enumerate(row.references, 1):
            title, files, why = _files(ctx, actor, reference)
            if files:
                archive.add(pack, files, under=reference)
            told.append((reference, title, why or "in this file"))
            if count % _SAID_EVERY == 0:
                with ctx.database.writing() as session:
                    exports.change(session, row.id, done=count)
        archive.add(pack, {"index.csv": _index(told)})
    return assembly.name, assembly.size, sum(1 for _, _, why in told if why != "in this file")


def _files(ctx: Context, actor: Actor, reference: str) -> tuple[str, dict[str, bytes], str]:
    """Title and files of one agreement, or why there are none."""
    with ctx.database.reading() as session:
        try:
            loaded = open_for(ctx, session, actor, reference)
        except NotFound:
            return "", {}, "you may not see it any more"
        try:
            permitting.demand(ctx, session, actor, "export", loaded)
            return loaded.head.title, packs.evidence_files(ctx, session, loaded), ""
        except Problem as problem:
            return loaded.head.title, {}, str(problem)


def _index(told: list[tuple[str, str, str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(("reference", "title", "what became of it"))
    for line in told:
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@" and cell else cell for cell in line])
    return ("\ufeff" + written.getvalue()).encode()


def _forget_expired(ctx: Context, archives: Archives) -> None:
    with ctx.database.reading() as session:
        over = exports.expired(session, now=ctx.clock.now())
    for row in over:
        archives.forget(str(row.sha256))
        with ctx.database.writing() as session:
            exports.change(session, row.id, sha256=None)
