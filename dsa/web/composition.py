"""What the web layer is given to work with. One rule: only here does the web layer touch adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app

from dsa.adapters.passwords import Argon2Passwords
from dsa.composition import open_context
from dsa.config import Settings
from dsa.persistence.session import Database
from dsa.services.signing_in import Passwords

Clock = Callable[[], datetime]
LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, kw_only=True)
class Services:
    """What one running service works with. Both clocks give aware UTC.

    ``clock`` is the product's: in demo mode it can be moved forward. ``true_clock`` never lies: sign-ins, certificates
    and limits go by it.
    """

    settings: Settings
    database: Database
    clock: Clock
    true_clock: Clock
    passwords: Passwords


def compose(settings: Settings) -> Services:
    """The services of a real installation."""
    opened = open_context(settings)
    return Services(
        settings=settings,
        database=opened.database,
        clock=opened.clock.now,
        true_clock=true_time,
        passwords=Argon2Passwords(),
    )


def true_time() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


def services() -> Services:
    """The services of the application that answers this request."""
    return cast(Services, current_app.extensions["dsa"])
