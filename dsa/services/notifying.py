"""Telling people, and carrying out what waits in the outbox.

One rule: a row is told to each person once, as that person chose (``noticing``); what it says is in ``letters``.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from dsa.domain.errors import Problem, Refused
from dsa.persistence import notices, outbox
from dsa.services import checkpoint_mail, exporting, letters, noticing, redating, renewing, sealing
from dsa.services.context import Context

_RETRY_MINUTES = (1, 2, 5, 15, 60, 240)
_SOON_MINUTES = (1, 2, 5)  # people look at the page of a document and wait for it
_FOR_PEOPLE_WHO_WAIT = ("issue_document", "seal_document")
_FAULT = "Something failed that should not have. Whoever runs the service finds it in the log; it will be tried again."
# An export is tried so often; after that its asker is told, who could ask for no other meanwhile.
_EXPORT_TRIES = 4
# How long a worker has a row for itself; one that dies gives it back after that.
_LEASE = timedelta(minutes=15)


def carry_out(ctx: Context, *, limit: int = 100) -> int:
    """Carry out what waits; returns how many rows were done. What fails is tried again later, with the reason kept.

    A fault of the service's own is raised once all else that waits is done, so that the log shows it.
    """
    with ctx.database.reading() as session:
        waiting = outbox.waiting(session, now=ctx.clock.now(), limit=limit)
    done, faults = 0, list[Exception]()
    for row in waiting:
        with ctx.database.writing() as session:
            if not outbox.claim(session, row.id, was=row.available_at, until=ctx.clock.now() + _LEASE):
                continue  # another worker has it
        try:
            KINDS[row.kind](ctx, row)
        except (OSError, Problem, ValueError) as error:
            _later(ctx, row, str(error))
            continue
        except Exception as fault:
            _later(ctx, row, _FAULT)
            faults.append(fault)
            continue
        with ctx.database.writing() as session:
            done += outbox.done(session, row.id, at=ctx.clock.now())
    if faults:
        raise faults[0]
    return done


def _later(ctx: Context, row: Any, problem: str) -> None:
    minutes = _SOON_MINUTES if row.kind in _FOR_PEOPLE_WHO_WAIT else _RETRY_MINUTES
    wait = minutes[min(row.attempts, len(minutes) - 1)]
    with ctx.database.writing() as session:
        again = ctx.clock.now() + timedelta(minutes=wait)
        outbox.failed(session, row.id, attempts=row.attempts + 1, again_at=again, problem=problem)
    if row.kind in _FOR_PEOPLE_WHO_WAIT:
        sealing.note_problem(ctx, row.reference, problem)
    elif row.kind == "renew_document":
        renewing.note_problem(ctx, int(row.payload["document"]), problem)
    elif row.kind == "export" and row.attempts + 1 >= _EXPORT_TRIES:
        exporting.give_up(ctx, int(row.payload["export"]), problem)


def send_mail(ctx: Context) -> int:
    """Hand over the mails that wait, where a mail server is set; returns how many were handed over.

    One that the server does not take keeps no other back, and is tried again when its lease is over.
    """
    if ctx.post is None:
        return 0
    stale = ctx.clock.now() - _LEASE
    with ctx.database.reading() as session:
        waiting = outbox.unsent(session, stale=stale)
    sent = 0
    for mail in waiting:
        with ctx.database.writing() as session:
            if not outbox.claim_mail(session, mail.id, stale=stale, at=ctx.clock.now()):
                continue
        try:
            ctx.post.send(to=mail.address, subject=mail.subject, body=mail.body)
        except Refused:
            continue
        except OSError:
            with ctx.database.writing() as session:
                outbox.claim_mail(session, mail.id, stale=stale, at=None)
            break
        with ctx.database.writing() as session:
            outbox.mark_sent(session, mail.id, at=ctx.clock.now())
        sent += 1
    return sent


def _issue(ctx: Context, row: Any) -> None:
    sealing.issue_document(ctx, row.reference)


def _seal(ctx: Context, row: Any) -> None:
    sealing.seal_document(ctx, row.reference)


def _mail(ctx: Context, row: Any) -> None:
    """Tell each person of one row as they chose: by mail now, in the daily digest, or not at all."""
    with ctx.database.writing() as session:
        known = notices.told_already(session, row.id)
        found = letters.letters_of(ctx, session, row.reference, row.payload)
        chosen = notices.choices_of(session, [letter.person.id for letter in found])
        for letter in found:
            how = noticing.choice_of(chosen.get(letter.person.id, {}), letter.kind)
            if letter.person.id in known or how == noticing.NEVER:
                continue
            if how == noticing.DIGEST:
                notices.add_line(session, outbox_id=row.id, person_id=letter.person.id, at=ctx.clock.now())
            else:
                letters.write(ctx, session, letter, outbox_id=row.id)


def _renew(ctx: Context, row: Any) -> None:
    renewing.renew_document(ctx, row.reference, int(row.payload["document"]))


def _export(ctx: Context, row: Any) -> None:
    exporting.make(ctx, int(row.payload["export"]))


def _redate(ctx: Context, _row: Any) -> None:
    redating.redate(ctx)


KINDS: Mapping[str, Callable[[Context, Any], None]] = {
    "mail": _mail,
    "issue_document": _issue,
    "seal_document": _seal,
    "renew_document": _renew,
    "export": _export,
    "checkpoint": checkpoint_mail.write,
    "redate": _redate,
}
