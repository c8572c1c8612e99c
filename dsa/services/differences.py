"""What differs between two frozen versions. One rule: two texts are compared once; their digests are the key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound
from dsa.domain.form import Form
from dsa.domain.presentation import PresentedSection, present
from dsa.domain.redline import ChangedSection, compare
from dsa.persistence import drafts
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import open_for

MOST_VERSIONS = 1_000_000  # no agreement comes near; a larger number is no number of the database either


@dataclass(frozen=True)
class _Pair:
    """Two texts with their form. The digests cover everything else, so they alone are the key."""

    before: str
    after: str
    form: Form = field(compare=False)
    old: Mapping[str, Any] = field(compare=False)
    new: Mapping[str, Any] = field(compare=False)


@lru_cache(maxsize=32)
def _compared(pair: _Pair) -> tuple[ChangedSection, ...]:
    return compare(present(pair.form, pair.old), present(pair.form, pair.new))


def between(ctx: Context, session: Session, loaded: Loaded, before: int, after: int) -> tuple[ChangedSection, ...]:
    """The sections that differ between two versions by number. Raises NotFound for a version that there is not."""
    old, new = numbered(session, loaded, before), numbered(session, loaded, after)
    form = content.form_of(ctx, session, loaded)
    return _compared(_Pair(old.hash, new.hash, form, old.content, new.content))


def numbered(session: Session, loaded: Loaded, number: int) -> content.Text:
    """A version by its number. Raises NotFound for one that there is not."""
    text = content.numbered(session, loaded, number) if 0 < number < MOST_VERSIONS else None
    if text is None:
        raise NotFound("There is no version %(number)s of this agreement. Look at the list of versions.", number=number)
    return text


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A frozen version in the list: its number, hash, the event that froze it, when, and whether it is to be signed."""

    number: int
    hash: str
    reason: str
    frozen_at: datetime
    locked: bool


def versions_of(session: Session, loaded: Loaded) -> tuple[VersionRow, ...]:
    """Every version, newest first."""
    return tuple(
        VersionRow(
            row.number,
            row.hash,
            row.reason,
            row.frozen_at,
            row.id == loaded.head.locked_version_id,
        )
        for row in reversed(drafts.versions(session, loaded.head.id))
    )


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version as it reads. ``changes`` since version ``since``, where the reader asked for those."""

    header: Header
    number: int
    hash: str
    versions: tuple[VersionRow, ...]
    sections: tuple[PresentedSection, ...]
    since: int | None = None
    changes: tuple[ChangedSection, ...] = ()

    @property
    def newest(self) -> int:
        """The number of the newest version."""
        return self.versions[0].number


def list_versions(ctx: Context, actor: Actor, reference: str) -> tuple[Header, tuple[VersionRow, ...]]:
    """The head of an agreement and its versions, newest first. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        return header_of(ctx, session, loaded), versions_of(session, loaded)


def version_page(ctx: Context, actor: Actor, reference: str, number: int, *, since: int | None = None) -> VersionPage:
    """A version as it reads, or what changed in it since another. Raises NotFound for a version that there is not."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        text = numbered(session, loaded, number)
        sections = present(content.form_of(ctx, session, loaded), text.content)
        changes = between(ctx, session, loaded, since, number) if since is not None else ()
        header, versions = header_of(ctx, session, loaded), versions_of(session, loaded)
        return VersionPage(header, number, text.hash, versions, sections, since, changes)
