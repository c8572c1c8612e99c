"""For whom the figures of where the time goes are, and how old. One rule: one organisation at a time,
because an agreement between two of them must not count twice; whoever may see all has figures of all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.workflow import Stage
from dsa.services.context import Context
from dsa.services.counting import AFTER_USE, ALL
from dsa.services.figures import figures_state
from dsa.timekeeping.months import EVERY_MONTH, Months

NOBODYS = -1  # the scope of somebody without any post: no figure is kept for it


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address narrows the figures to: a workflow (its id), a route, an organisation of the reader (code), the
    months in which agreements were started (on the page that says so)."""

    workflow: str = ""
    route: str = ""
    organisation: str = ""
    months: Months = EVERY_MONTH


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures these are. ``code`` is empty for those of all; ``choices`` are the reader's organisations.

    ``as_at`` is when the figures were worked out (UTC, None: never), ``changed`` how many agreements changed since;
    ``workflows`` are (id, title) of those in use.
    """

    id: int
    code: str
    name: str
    choices: tuple[tuple[str, str], ...]
    as_at: datetime | None
    changed: int
    stages: Mapping[str, Stage]
    workflows: tuple[tuple[str, str], ...]
    asked: Asked

    @property
    def before_use(self) -> tuple[str, ...]:
        """The stages that come before the first use."""
        return tuple(stage.id for stage in self.stages.values() if stage.reason not in AFTER_USE and not stage.final)

    @property
    def several(self) -> bool:
        """Whether the reader can choose, so that a link to the list must say which."""
        return len(self.choices) > 1


def scope_of(ctx: Context, session: Session, actor: Actor, asked: Asked) -> Scope:
    """The scope that the actor reads: of the organisation asked for, where it is theirs, else of their first."""
    as_at, changed = figures_state(ctx, session)
    known = ctx.definitions.in_use(session)
    flows = tuple((workflow.id, workflow.title) for workflow in known)
    stages: dict[str, Stage] = {}
    for workflow in known:
        stages |= {stage.id: stage for stage in workflow.stages if stage.id not in stages}
    if actor.sees_all:
        return Scope(ALL, "", "", (), as_at, changed, stages, flows, asked)
    held = {post.organisation: post for post in actor.posts}
    choices = tuple((code, post.organisation_name) for code, post in held.items())
    chosen = held.get(asked.organisation) or next(iter(held.values()), None)
    if chosen is None:
        return Scope(NOBODYS, "", "", (), as_at, changed, stages, flows, asked)
    return Scope(
        chosen.organisation_id,
        chosen.organisation,
        chosen.organisation_name,
        choices,
        as_at,
        changed,
        stages,
        flows,
        asked,
    )
