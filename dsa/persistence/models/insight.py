"""Forecasts that were made, and figures worked out beforehand. One rule: a forecast that was made is never changed."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json

_FIRST = text("first_in_stay")


class ForecastRow(Base):
    """What was said on a day about when an agreement would be signed, or why nothing was (``refusal``).

    ``first_in_stay`` marks the first one made in a stay in a stage: those are judged when their day has come, one for
    each stay, so that a slow agreement does not count every night. ``rests_on`` signed and ``still_open`` open
    agreements stood behind it; ``factor`` is what "very likely" was stretched by.
    """

    __tablename__ = "forecasts"
    __table_args__ = (
        Index("ix_forecasts_agreement", "agreement_id", "id"),
        Index("ix_forecasts_judged", "very_likely_on", "id", sqlite_where=_FIRST, postgresql_where=_FIRST),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_on: Mapped[date]
    stage: Mapped[str]
    stage_entered_at: Mapped[datetime] = mapped_column(Instant)
    first_in_stay: Mapped[bool]
    likely_on: Mapped[date | None]
    very_likely_on: Mapped[date | None]
    likely_days: Mapped[float | None]
    very_likely_days: Mapped[float | None]
    refusal: Mapped[str | None]
    rests_on: Mapped[int]
    still_open: Mapped[int]
    factor: Mapped[float]


class NewestForecast(Base):
    """The newest forecast of each agreement that is open, for lists that show and sort by it."""

    __tablename__ = "newest_forecasts"
    __table_args__ = (Index("ix_newest_forecasts_day", "very_likely_on", "agreement_id"),)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecasts.id"))
    made_on: Mapped[date]
    stage_entered_at: Mapped[datetime] = mapped_column(Instant)
    very_likely_on: Mapped[date | None]


class Figure(Base):
    """A figure that takes long to work out, kept with the moment it rests on. ``asked_at``: somebody wants it anew."""

    __tablename__ = "figures"
    kind: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    body: Mapped[dict[str, object]] = mapped_column(Json)
