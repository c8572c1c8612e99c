"""Figures of some months are read from rows that stand there, and a database from before has them at once."""

from typing import Any

from alembic import command
from sqlalchemy import event, text

from dsa.persistence import migrating
from dsa.persistence.session import Database
from dsa.services import figures, time_stages_page
from dsa.services.time_scope import Asked
from dsa.timekeeping.months import Months, month_of
from dsa.timekeeping.weeks import LONDON
from tests.web.world import World


def lived(world: World) -> None:
    """Agreements started in three months, at different stages, counted."""
    for stage in ("review", "drafting", "first_look", "check_draft"):
        world.agreement_in(stage)
        world.move_clock(days=26)
    world.count()


def kept(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """What the page reads where it is narrowed to months."""
    asked = {
        "months": "SELECT * FROM month_figures ORDER BY scope, block, workflow, route, stage",
        "work": "SELECT agreement_id, scope, started FROM open_work ORDER BY agreement_id, scope",
    }
    with world.ctx.database.reading() as session:
        return {name: [tuple(row) for row in session.execute(text(sql))] for name, sql in asked.items()}


def migrate(database: Database, to: str) -> None:
    config = migrating._config()
    with database.engine.execution_options(dsa_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, to)


def test_a_database_from_before_has_them_as_soon_as_it_is_migrated(world: World) -> None:
    lived(world)
    before = kept(world)
    assert len(before["months"]) > 50
    assert len({row[2] for row in before["work"]}) > 2
    migrate(world.ctx.database, "0023")
    migrating.upgrade(world.ctx.database)
    assert kept(world) == before
    assert figures.verify(world.ctx) == []


def test_a_page_of_some_months_adds_up_no_tallies_and_looks_at_no_other_agreement(world: World) -> None:
    lived(world)
    month = month_of(world.ctx.clock.now().astimezone(LONDON).date())
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    person = world.actor("HMRC", "information_governance")
    engine = world.ctx.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        whole = time_stages_page.stages_page(world.ctx, person, Asked(months=Months(month - 4, month)))
        late = time_stages_page.stages_page(world.ctx, person, Asked(months=Months(month - 1, month)))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert whole.open > late.open > 0
    assert whole.overdue_count > late.overdue_count > 0
    assert any("month_figures" in statement for statement in asked)
    assert not any("tallies" in statement for statement in asked)
    assert not any("created_at" in statement for statement in asked)
