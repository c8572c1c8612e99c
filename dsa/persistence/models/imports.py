"""Sheets being imported, what they came to, and papers of agreements. One rule: a sheet is kept as it was sent."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json


class Import(Base):
    """A sheet that an organisation sent. ``state``: columns, check, done. The same file is the same import.

    ``workbook``: the worksheets as they were read, until one is imported. ``layout``: the names of the worksheets
    ("sheets"), which of them is taken ("sheet"), the line of its headings ("heading"), and the cells that a merged cell
    above covers ("merged": line and column).
    """

    __tablename__ = "imports"
    __table_args__ = (UniqueConstraint("organisation_id", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    file_name: Mapped[str]
    sha256: Mapped[str]
    headings: Mapped[list[str]] = mapped_column(Json)
    row_count: Mapped[int]
    columns: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    choices: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    layout: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    workbook: Mapped[list[dict[str, Any]] | None] = mapped_column(Json, default=None, deferred=True)
    state: Mapped[str] = mapped_column(default="columns")
    created_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class ImportLine(Base):
    """One row of a sheet as it was sent."""

    __tablename__ = "import_lines"
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[str]] = mapped_column(Json)


class ImportedCase(Base):
    """An agreement as a sheet reported it: a fact of the past, or an open one that ``agreement_id`` goes on from.

    ``sure`` says of each value how sure it is. Dates are as reported.
    """

    __tablename__ = "imported_cases"
    __table_args__ = (Index("ix_imported_cases_organisation", "organisation_id", "started_on"),)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    reference: Mapped[str]
    title: Mapped[str]
    parties: Mapped[list[list[str]]] = mapped_column(Json)
    status: Mapped[str]
    stage: Mapped[str]
    holder: Mapped[str]
    started_on: Mapped[date]
    since_on: Mapped[date | None]
    due_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    sure: Mapped[dict[str, str]] = mapped_column(Json)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"), index=True)


class Paper(Base):
    """A file that belongs to an agreement, such as its text from elsewhere. ``shared``: every party may read it."""

    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    event_seq: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    file_name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    shared: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)


class IndicatorConsent(Base):
    """An organisation agreed (or no longer agrees) that its figures stand under its name on the public page."""

    __tablename__ = "indicator_consents"
    __table_args__ = (Index("ix_indicator_consents_organisation", "organisation_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    agreed: Mapped[bool]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    post: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
