"""A process that takes agreements through their steps and says so after each commit, until it is killed.

One rule: it speaks only of what was acknowledged: a line "reference seq" on standard output after the service returned.
"""

import random
import sys
from contextlib import suppress
from datetime import UTC, datetime

from dsa.domain.errors import Problem
from dsa.persistence import heads
from dsa.persistence.session import Database
from dsa.services.context import Context
from dsa.timekeeping.clock import SimulatedClock
from tests.engine.town import Shelf, Stamp, Tokens, Town, form_taken_as_complete
from tests.engine.walker import Walker


class _Fresh(Tokens):
    def token(self) -> str:
        return random.randbytes(16).hex()


def town_on(url: str) -> Town:
    """The town that the parent built on this database."""
    database = Database(url)
    clock = SimulatedClock(datetime.now(UTC))
    ctx = Context(database=database, clock=clock, chance=_Fresh(), files=Shelf(), documents=Stamp(), simulated=True)
    town = Town(ctx, clock, ("AAA", "AAB", "AAC"))
    from sqlalchemy import text

    with database.reading() as session:
        rows = session.execute(
            text(
                "SELECT o.code, p.role, a.person_id FROM posts p JOIN organisations o ON o.id = p.organisation_id "
                "JOIN appointments a ON a.post_id = p.id"
            )
        )
        town.people.update({(row.code, row.role): row.person_id for row in rows})
    return town


def main(url: str, seed: int) -> None:
    chance, town = random.Random(seed), town_on(url)
    with form_taken_as_complete(town):
        while True:
            reference = town.start()
            _say(town, reference)
            walker = Walker(town, reference, lambda below: chance.randrange(below))
            for _ in range(40):
                with suppress(Problem):
                    walker.step()
                _say(town, reference)


def _say(town: Town, reference: str) -> None:
    with town.ctx.database.reading() as session:
        loaded = heads.load(session, reference)
    if loaded is not None:
        sys.stdout.write(f"{reference} {loaded.head.head_seq} {loaded.head.head_hash}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
