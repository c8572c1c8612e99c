"""The checkpoints of the audit log, for anybody. One rule: they tell how many events there were, never of what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dsa.domain.checkpoints import read_note
from dsa.domain.errors import BadInput, NotFound
from dsa.persistence import audit_log as stored
from dsa.persistence import settings
from dsa.services import audit_log
from dsa.services.context import Context

PAGE = 25


@dataclass(frozen=True, slots=True)
class CheckpointShown:
    """A checkpoint: its number, leaves, root (hexadecimal), moment (UTC) and the signed text."""

    number: int
    size: int
    root: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The last time that the whole log was recomputed, and how many things were wrong then."""

    at: datetime
    leaves: int
    problems: int


@dataclass(frozen=True, slots=True)
class CheckpointsPage:
    """The newest checkpoint first. ``before`` begins the next page, or None; ``key`` is empty before there is one."""

    origin: str
    key: str
    checkpoints: tuple[CheckpointShown, ...]
    before: int | None
    checked: LastCheck | None

    def as_json(self) -> dict[str, Any]:
        """The page as data."""
        return {
            "origin": self.origin,
            "key": self.key,
            "checkpoints": [
                {"number": c.number, "size": c.size, "root": c.root, "at": c.at.isoformat(), "note": c.note}
                for c in self.checkpoints
            ],
            "next_before": self.before,
        }


def checkpoints_page(ctx: Context, *, before: int | None = None) -> CheckpointsPage:
    """A page of checkpoints, newest first."""
    with ctx.database.reading() as session:
        rows = stored.newest_checkpoints(session, before=before, limit=PAGE + 1)
        last = settings.log_checked(session)
    shown = tuple(CheckpointShown(row.id, row.size, row.root, row.at, row.note) for row in rows[:PAGE])
    return CheckpointsPage(
        read_note(shown[0].note).checkpoint.origin if shown else "",
        ctx.checkpoints.key if ctx.checkpoints is not None and shown else "",
        shown,
        rows[PAGE - 1].id if len(rows) > PAGE else None,
        None if last is None else LastCheck(
            datetime.fromisoformat(last["at"]), int(last["leaves"]), len(last["problems"])
        ),
    )  # fmt: skip


def one_checkpoint(ctx: Context, number: int) -> CheckpointShown:
    """A checkpoint by its number. Raises NotFound."""
    with ctx.database.reading() as session:
        row = stored.checkpoint(session, number)
    if row is None:
        raise NotFound("There is no checkpoint of this number. Look at the list of all checkpoints.")
    return CheckpointShown(row.id, row.size, row.root, row.at, row.note)


def consistency(ctx: Context, old: int, new: int) -> dict[str, Any]:
    """The proof that the log at ``new`` leaves continues that at ``old``. Raises BadInput for sizes it never had."""
    with ctx.database.reading() as session:
        size = stored.size(session)
        if not 0 <= old <= new <= size:
            raise BadInput("Name two sizes that the log had, the smaller first: it has %(size)s leaves now.", size=size)
        proof = audit_log.proof_between(session, old, new)
    return {"old": old, "new": new, "proof": [hashed.hex() for hashed in proof]}
