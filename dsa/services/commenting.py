"""Comments on a place of the text. One rule: a comment is for one's own side until somebody shares it."""

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, NotFound
from dsa.persistence import comments, rows, visibility
from dsa.persistence.comments import CommentRow
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, open_for, take
from dsa.services.permitting import demand

LONGEST = 4000


def comments_on(ctx: Context, actor: Actor, reference: str) -> list[CommentRow]:
    """The comments on an agreement that the actor may read, oldest first."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        return comments.readable(session, loaded.head.id, visibility.sides(actor))


def comment(
    ctx: Context,
    actor: Actor,
    reference: str,
    text: str,
    *,
    section: str,
    question: str | None = None,
    quote: str = "",
    reply_to: int | None = None,
) -> Step:
    """Comment on a section or question of the newest version, quoting the words it is about."""
    words = _words(text)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "comment", loaded)
        page = content.form_of(ctx, session, loaded).section(section)
        if page is None or (question and all(q.key != question for q in page.questions)):
            raise BadInput("Choose the section or question that the comment is about.")
        if reply_to is not None and comments.one(session, loaded.head.id, reply_to) is None:
            raise NotFound("The comment that you reply to is not there any more.")
        newest = content.newest(session, loaded)
        number = newest.number if newest else 0
        facts = {"section": section, "question": question, "version": number}
        happening = Happening("CommentMade", facts, {"comment": words}, private=True)
        step = take(ctx, session, loaded, actor, held, happening, bump=False)
        row = {"agreement_id": loaded.head.id, "event_seq": step.seq, "section": section, "question": question}
        row |= {"version_number": number, "quote": quote.strip()[:500], "reply_to_id": reply_to, "post": held.title}
        row |= {"person_id": actor.person_id, "organisation_id": held.organisation_id, "at": step.at}
        rows.add(session, "comments", row)
        return step


def _words(text: str) -> str:
    words = text.strip()
    if not words or "\x00" in words:
        raise BadInput("Write your comment.")
    if len(words) > LONGEST:
        raise BadInput("A comment can have up to %(most)s characters.", most=LONGEST)
    return words


def share_comment(ctx: Context, actor: Actor, reference: str, comment_id: int) -> None:
    """Let the other parties read a comment of one's own side."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "comment", loaded)
        found = comments.one(session, loaded.head.id, comment_id)
        if found is None or found.organisation_id not in actor.organisations:
            raise NotFound("There is no such comment of your organisation.")
        step = take(
            ctx, session, loaded, actor, held, Happening("CommentShared", {"section": found.section}), bump=False
        )
        comments.share(session, loaded.head.id, found.event_seq, at=step.at)


def resolve_comment(ctx: Context, actor: Actor, reference: str, comment_id: int) -> None:
    """Mark a comment as dealt with."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        demand(ctx, session, actor, "comment", loaded)
        found = comments.one(session, loaded.head.id, comment_id)
        readable = {row.id for row in comments.readable(session, loaded.head.id, visibility.sides(actor))}
        if found is None or found.id not in readable:
            raise NotFound("There is no such comment that you may see.")
        comments.resolve(session, comment_id, person_id=actor.person_id, at=ctx.clock.now())
