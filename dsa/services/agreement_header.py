"""What stands above every page of an agreement. One rule: the caption is worked out in one place."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dsa.persistence import drafts
from dsa.persistence.heads import Loaded
from dsa.services.context import Context
from dsa.services.moving import flow_of

CLASSIFICATIONS = {"official": "OFFICIAL", "official_sensitive": "OFFICIAL-SENSITIVE"}


@dataclass(frozen=True, slots=True)
class Header:
    """The head of an agreement as pages show it. ``seen`` is the version that forms carry.

    ``version_number`` is that of the newest frozen text, None while nothing has been frozen. ``tracking``: empty,
    tracked or joined; its first dates are as reported where it is not empty.
    """

    reference: str
    title: str
    stage: str
    stage_title: str
    version_number: int | None
    seen: int
    classification: str
    on_hold: bool
    is_example: bool
    is_synthetic: bool
    tracking: str


def header_of(ctx: Context, session: Session, loaded: Loaded) -> Header:
    """The head of a loaded agreement, for its pages."""
    head = loaded.head
    newest = drafts.newest_version(session, head.id)
    return Header(
        head.reference,
        head.title,
        head.stage,
        flow_of(ctx, session, loaded).stages[head.stage].title,
        None if newest is None else newest.number,
        head.version,
        CLASSIFICATIONS.get(head.classification, head.classification),
        head.on_hold,
        head.is_example,
        head.is_synthetic,
        head.tracking,
    )
