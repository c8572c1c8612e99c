"""The first schema: everything of it that cannot be back-filled is here from the beginning."""

from alembic import op

from dsa.persistence import first_schema
from dsa.persistence.appendonly import postgresql_triggers, sqlite_triggers

revision = "0001"
down_revision = None


def upgrade() -> None:
    for part in first_schema.PARTS:
        part.create()
    dialect = op.get_bind().dialect.name
    for statement in sqlite_triggers() if dialect == "sqlite" else postgresql_triggers():
        op.execute(statement)


def downgrade() -> None:
    for part in reversed(first_schema.PARTS):
        for table in reversed(part.TABLES):
            op.drop_table(table)
