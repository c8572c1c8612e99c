"""Whether the database can be used. One rule: it reads; it never migrates or repairs."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from dsa.persistence.migrating import current, newest
from dsa.persistence.models import OutboxRow
from dsa.persistence.session import Database
from dsa.persistence.settings import jobs_seen


class HealthProblem(Exception):
    """Why requests cannot be taken, in words that may be shown to anybody."""


def check_database(database: Database) -> str:
    """The migration that the database is at. Raises ``HealthProblem`` when out of reach or behind this release."""
    try:
        at = current(database)
    except SQLAlchemyError as error:
        raise HealthProblem("The database cannot be reached.") from error
    if at != newest():
        raise HealthProblem("The database is not at this release's migration. Run: dsa db upgrade")
    return at


def oldest_waiting(database: Database, *, now: datetime) -> datetime | None:
    """Since when the oldest side effect could have been carried out; None where none waits."""
    waiting = select(func.min(OutboxRow.available_at)).where(OutboxRow.done_at.is_(None), OutboxRow.available_at <= now)
    try:
        with database.reading() as session:
            return session.scalar(waiting)
    except SQLAlchemyError as error:
        raise HealthProblem("The database cannot be read.") from error


def last_turn(database: Database) -> datetime | None:
    """When a worker took its last turn, by true time; None where none ever did."""
    try:
        with database.reading() as session:
            return jobs_seen(session)
    except SQLAlchemyError as error:
        raise HealthProblem("The database cannot be read.") from error


def waiting_jobs(database: Database) -> int:
    """How many side effects wait in the outbox."""
    try:
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.done_at.is_(None))) or 0
    except SQLAlchemyError as error:
        raise HealthProblem("The database cannot be read.") from error
