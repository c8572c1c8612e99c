"""Comments on a place of the text. One rule: a comment is for one's own side until somebody shares it."""

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, Conflict, NotFound, Refused
from dsa.domain.form import Form
from dsa.domain.values import tidy
from dsa.persistence import comments, rows, visibility
from dsa.persistence.comments import CommentRow
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, open_for, take
from dsa.services.permitting import demand

LONGEST = 4000
LONGEST_QUOTE = 500


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
    version: int | None = None,
) -> Step:
    """Comment on a section or question, quoting the words it is about; a reply stands under the first of its thread.

    ``version`` is the one that the person read (0: the draft before any); without it, the newest. Raises BadInput for
    an empty text or a place that is not there, NotFound for a reply to what the actor may not read.
    """
    words, quoted = _words(text), _quoted(quote)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "comment", loaded)
        if reply_to is not None:
            parent = readable(session, loaded, actor, reply_to)
            section, question, reply_to = parent.section, parent.question, parent.reply_to_id or parent.id
        _demand_place(content.form_of(ctx, session, loaded), section, question)
        number = _version_read(session, loaded, version)
        # The event says that somebody commented. Where, and what, is the side's own until it is shared.
        happening = Happening("CommentMade", {}, {"comment": words}, private=True)
        step = take(ctx, session, loaded, actor, held, happening, bump=False)
        row = {"agreement_id": loaded.head.id, "event_seq": step.seq, "section": section, "question": question or None}
        row |= {"version_number": number, "quote": quoted, "reply_to_id": reply_to, "post": held.title}
        row |= {"person_id": actor.person_id, "organisation_id": held.organisation_id, "at": step.at}
        rows.add(session, "comments", row)
        return step


def _words(text: str) -> str:
    words = tidy(text)
    if not words:
        raise BadInput("Write your comment.")
    if len(words) > LONGEST:
        raise BadInput("A comment can have up to %(most)s characters.", most=LONGEST)
    return words


def _quoted(quote: str) -> str:
    words = tidy(quote)
    if len(words) > LONGEST_QUOTE:
        raise BadInput("Quote up to %(most)s characters: the words that matter.", most=LONGEST_QUOTE)
    return words


def _demand_place(form: Form, section: str, question: str | None) -> None:
    page = form.section(section)
    if page is None or (question and all(q.key != question for q in page.questions)):
        raise BadInput("Choose the section or question that the comment is about.")


def _version_read(session: Session, loaded: Loaded, version: int | None) -> int:
    newest = content.newest(session, loaded)
    number = newest.number if newest else 0
    return number if version is None or not 0 <= version <= number else version


def readable(session: Session, loaded: Loaded, actor: Actor, comment_id: int) -> CommentRow:
    """A comment that the actor may read. Raises NotFound, in the same words whether it is there or not."""
    for row in comments.readable(session, loaded.head.id, visibility.sides(actor)):
        if row.id == comment_id:
            return row
    raise NotFound("There is no such comment that you may see. Look at the list of comments again.")


def share_comment(ctx: Context, actor: Actor, reference: str, comment_id: int) -> None:
    """Let the other parties read a comment of one's own side. A reply follows what it replies to.

    Raises NotFound for a comment of another side, Conflict where it is shared already.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "comment", loaded)
        found = readable(session, loaded, actor, comment_id)
        if found.organisation_id not in visibility.sides(actor):
            raise NotFound("There is no such comment of your organisation.")
        if found.shared:
            raise Conflict("This comment is shared already. Every party can read it.")
        if found.reply_to_id is not None and not readable(session, loaded, actor, found.reply_to_id).shared:
            raise Refused("Share the comment that this replies to first; without it, the reply says nothing to others.")
        happening = Happening("CommentShared", {"section": found.section})
        step = take(ctx, session, loaded, actor, held, happening, bump=False)
        comments.share(session, loaded.head.id, found.event_seq, at=step.at)


def resolve_comment(ctx: Context, actor: Actor, reference: str, comment_id: int) -> None:
    """Mark a comment, and with it its replies, as dealt with. Raises Conflict where somebody did so before."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        demand(ctx, session, actor, "comment", loaded)
        found = readable(session, loaded, actor, comment_id)
        if found.reply_to_id is not None:
            found = readable(session, loaded, actor, found.reply_to_id)
        if found.resolved_at is not None:
            raise Conflict("This comment is marked as dealt with already.")
        at = max(ctx.clock.now(), found.at)
        comments.resolve(session, found.id, person_id=actor.person_id, at=at)
