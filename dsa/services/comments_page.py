"""The comments on an agreement, and how many there are at each section.

One rule: a reader gets the comments of their own side and those that were shared; nobody else's are counted either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import Refusal
from dsa.domain.form import Form, Section
from dsa.persistence import comments, visibility
from dsa.persistence.comments import CommentRow
from dsa.persistence.heads import Loaded
from dsa.services import commenting, content, permitting
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import open_for


@dataclass(frozen=True, slots=True)
class CommentShown:
    """A comment or a reply. ``version`` is that on which it was made, 0 for the draft before any.

    ``mine``: of the reader's own side. ``may_share``: shared it would make sense to others.
    """

    id: int
    post: str
    organisation: str
    at: datetime
    version: int
    question: str
    quote: str
    text: str
    mine: bool
    shared: bool
    may_share: bool
    resolved_at: datetime | None
    replies: tuple["CommentShown", ...] = ()


@dataclass(frozen=True, slots=True)
class SectionComments:
    """The comments on one section: those that are open, then those that are dealt with; each oldest first."""

    key: str
    title: str
    open: tuple[CommentShown, ...]
    resolved: tuple[CommentShown, ...]


@dataclass(frozen=True, slots=True)
class CommentsPage:
    """The list and what its form offers. ``section`` is the one chosen, with its ``questions`` as (key, wording).

    ``newest`` is the number of the newest version, 0 before the first. ``refusal`` says why the reader may not comment.
    """

    header: Header
    groups: tuple[SectionComments, ...]
    sections: tuple[tuple[str, str], ...]
    section: str
    section_title: str
    questions: tuple[tuple[str, str], ...]
    newest: int
    open: int
    elsewhere: int
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class OpenComments:
    """How many comments are open, by section; and whether the reader may add one."""

    by_section: Mapping[str, int]
    may_comment: bool

    @property
    def total(self) -> int:
        """How many there are in all."""
        return sum(self.by_section.values())


def open_comments(ctx: Context, actor: Actor, reference: str) -> OpenComments:
    """The open comments that the actor may read. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        return OpenComments(
            comments.open_by_section(session, loaded.head.id, visibility.sides(actor)),
            permitting.why_not(ctx, session, actor, "comment", loaded) is None,
        )


def demand_readable(ctx: Context, actor: Actor, reference: str, comment_id: int) -> None:
    """Raise NotFound where there is no such comment that the actor may read."""
    with ctx.database.reading() as session:
        commenting.readable(session, open_for(ctx, session, actor, reference), actor, comment_id)


def comments_page(ctx: Context, actor: Actor, reference: str, *, section: str = "") -> CommentsPage:
    """The comments in the form's order, of one section where it is one. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        form = content.form_of(ctx, session, loaded)
        chosen = form.section(section)
        rows = comments.readable(session, loaded.head.id, visibility.sides(actor))
        groups = _groups(form, rows, visibility.sides(actor))
        counted = {group.key: len(group.open) for group in groups}
        shown = groups if chosen is None else tuple(group for group in groups if group.key == chosen.key)
        return CommentsPage(
            header_of(ctx, session, loaded),
            shown,
            tuple((each.key, each.title) for each in form.sections),
            chosen.key if chosen is not None else "",
            chosen.title if chosen is not None else "",
            _questions(chosen),
            _newest(session, loaded),
            sum(counted.values()),
            sum(len(group.open) + len(group.resolved) for group in groups if group not in shown),
            permitting.why_not(ctx, session, actor, "comment", loaded),
        )


def _newest(session: Session, loaded: Loaded) -> int:
    newest = content.newest(session, loaded)
    return newest.number if newest is not None else 0


def _questions(section: Section | None) -> tuple[tuple[str, str], ...]:
    if section is None:
        return ()
    return tuple((q.key, q.wording) for q in section.questions if not q.private and not q.system)


def _groups(form: Form, rows: list[CommentRow], sides: tuple[int, ...]) -> tuple[SectionComments, ...]:
    replies: dict[int, list[CommentRow]] = {}
    for row in rows:
        if row.reply_to_id is not None:
            replies.setdefault(row.reply_to_id, []).append(row)
    found = []
    for section in form.sections:
        first = [row for row in rows if row.section == section.key and row.reply_to_id is None]
        shown = [_shown(form, row, sides, tuple(replies.get(row.id, ()))) for row in first]
        if shown:
            still_open = tuple(each for each in shown if each.resolved_at is None)
            resolved = tuple(each for each in shown if each.resolved_at is not None)
            found.append(SectionComments(section.key, section.title, still_open, resolved))
    return tuple(found)


def _shown(
    form: Form, row: CommentRow, sides: tuple[int, ...], replies: tuple[CommentRow, ...] = (), *, follows: bool = True
) -> CommentShown:
    question = form.question(row.question) if row.question else None
    mine = row.organisation_id in sides
    return CommentShown(
        row.id,
        row.post,
        row.organisation,
        row.at,
        row.version_number,
        question.wording if question is not None else "",
        row.quote,
        row.text,
        mine,
        row.shared,
        mine and not row.shared and follows,
        row.resolved_at,
        tuple(_shown(form, reply, sides, follows=row.shared) for reply in replies),
    )
