"""What the pages of "Where the time goes" read. One rule: every row can be made again from events, stays and spells.

``scope`` is the organisation whose people see the figure: an agreement counts for each of its organisations, and in
scope 0 for those who may see all.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant

_BY_ITSELF = text("day IS NOT NULL")


class Counted(Base):
    """What an agreement has added to the figures, so that it can be taken back before it is counted again.

    ``day`` (ordinal, London) is that of the counting, where a later day may come out otherwise though nothing happens.
    """

    __tablename__ = "counted"
    __table_args__ = (Index("ix_counted_day", "day", sqlite_where=_BY_ITSELF, postgresql_where=_BY_ITSELF),)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    part: Mapped[str] = mapped_column(Text)
    day: Mapped[int | None]


class OwnedBy(Base):
    """Who had an agreement before its first use (``topic`` owner), and why (reason), along its critical path."""

    __tablename__ = "owned_by"
    __table_args__ = {"sqlite_with_rowid": False}
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


class Tally(Base):
    """A count and an amount. What ``name``, ``detail``, ``week`` and ``span`` are depends on the topic
    (services.counting lists them); what a topic does not use is empty or 0.
    """

    __tablename__ = "tallies"
    __table_args__ = {"sqlite_with_rowid": False}  # the rows of a page lie together
    scope: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    detail: Mapped[str] = mapped_column(primary_key=True)
    span: Mapped[int] = mapped_column(primary_key=True)
    workflow: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)


class WeekFigure(Base):
    """The stays in a stage that ended in a week: their working days in order, and their middle."""

    __tablename__ = "week_figures"
    __table_args__ = {"sqlite_with_rowid": False}
    scope: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int]
    half: Mapped[float]
    days: Mapped[str] = mapped_column(Text)


class StageFigure(Base):
    """How long a stage takes in one scope; an empty workflow or route stands for every one.

    ``half`` and ``most`` (85 of 100) are working days, None where the estimate does not reach so far; ``at_risk`` is
    how many stays had lasted as long as ``most``. ``passed`` and ``late`` count agreements, the others stays.
    """

    __tablename__ = "stage_figures"
    __table_args__ = {"sqlite_with_rowid": False}
    scope: Mapped[int] = mapped_column(primary_key=True)
    workflow: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    closed: Mapped[int]
    open: Mapped[int]
    passed: Mapped[int]
    late: Mapped[int]
    half: Mapped[float | None]
    most: Mapped[float | None]
    at_risk: Mapped[int]
    worked_out_at: Mapped[datetime] = mapped_column(Instant)


class MonthFigure(Base):
    """The stays in a stage of agreements that were started in a block of months (timekeeping.months): what the tallies
    of these months hold, added up in one text (services.month_counts). Any range of months is few blocks.
    """

    __tablename__ = "month_figures"
    __table_args__ = {"sqlite_with_rowid": False}
    scope: Mapped[int] = mapped_column(primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True)
    workflow: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    counts: Mapped[str] = mapped_column(Text)


class TeamFigure(Base):
    """A role at an organisation: its open tasks, and how many it finished in the last twelve weeks."""

    __tablename__ = "team_figures"
    __table_args__ = {"sqlite_with_rowid": False}
    scope: Mapped[int] = mapped_column(primary_key=True)
    organisation: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    open: Mapped[int]
    done: Mapped[int]


class OpenWork(Base):
    """An agreement that is under way, once for each scope: the oldest of a stage are found without looking at others.

    ``entered_on`` is the day (ordinal, London) on which it came to its stage; where nobody knows that day it is 0, and
    ``entered_at`` is after every other. ``started`` is the month in which it was started. ``monthly_value`` is the
    benefit in pounds a month, None where nobody has said; ``pressure`` is that value for each of the working days
    that remain: by the ``forecast``, else by the targets.
    """

    __tablename__ = "open_work"
    __table_args__ = (
        Index("ix_open_work_stage", "scope", "stage", "entered_at", "agreement_id"),
        # what the page narrows them by stands in the index, so that a walk of what is overdue looks at nothing else
        Index("ix_open_work_due", "scope", "due_at", "agreement_id", "started", "workflow", "route"),
        Index("ix_open_work_pressure", "scope", "pressure", "agreement_id"),
        {"sqlite_with_rowid": False},
    )
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    scope: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str]
    workflow: Mapped[str]
    route: Mapped[str]
    nation: Mapped[str]
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_on: Mapped[int]
    started: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    monthly_value: Mapped[int | None]
    remaining: Mapped[int]
    forecast: Mapped[bool] = mapped_column(server_default=false())
    pressure: Mapped[float | None]
