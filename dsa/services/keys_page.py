"""The keys as a page for administrators. One rule: it shows what the keeper of the keys says, and touches no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dsa.persistence import queries_renewals
from dsa.services.context import Context

NEAR = timedelta(days=92)


class Kept(Protocol):
    """One key as its keeper describes it. ``status``: in use, apart, not here or retired. Moments are UTC."""

    @property
    def name(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def created(self) -> datetime: ...
    @property
    def expires(self) -> datetime | None: ...
    @property
    def rotate_by(self) -> datetime | None: ...
    @property
    def kept(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...


class Keeper(Protocol):
    """Knows every key of the installation."""

    def inventory(self) -> Sequence[Kept]:
        """Every key. Raises OSError while the keeper does not answer."""
        ...

    def stamps(self) -> Sequence[str]:
        """The time-stamp authorities, in the order in which they are asked."""
        ...


@dataclass(frozen=True, slots=True)
class KeysPage:
    """The inventory. ``answers`` False: the keeper does not answer, so nothing can be signed now.

    ``late`` are to be rotated now, ``near`` within three months. ``due``: how many sealed documents are to be stamped
    again now; ``next_due`` when the next one is.
    """

    answers: bool
    keys: tuple[Kept, ...]
    retired: tuple[Kept, ...]
    late: tuple[Kept, ...]
    near: tuple[Kept, ...]
    stamps: tuple[str, ...]
    root_is_here: bool
    due: int
    next_due: datetime | None


def keys_page(ctx: Context, keeper: Keeper, *, true_now: datetime) -> KeysPage:
    """Every key, what is to be rotated by true time, and the documents whose renewal is due."""
    try:
        found, answers = tuple(keeper.inventory()), True
    except OSError:
        found, answers = (), False
    with ctx.database.reading() as session:
        due, next_due = queries_renewals.renewals(session, now=ctx.clock.now())
    live = tuple(each for each in found if each.status != "retired")
    return KeysPage(
        answers,
        live,
        tuple(each for each in found if each.status == "retired"),
        tuple(each for each in live if _by(each, true_now)),
        tuple(each for each in live if _by(each, true_now + NEAR)),
        tuple(keeper.stamps()),
        any(each.status == "apart" for each in live),
        due,
        next_due,
    )


def _by(key: Kept, moment: datetime) -> bool:
    return key.rotate_by is not None and key.rotate_by <= moment
