"""The index of agreements that are to be counted has an order, so that it is always chosen."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_WHERE = sa.text("counted_seq <> head_seq")


def upgrade() -> None:
    op.drop_index("ix_agreements_uncounted", "agreements")
    columns = ["counted_seq", "id"]
    op.create_index("ix_agreements_uncounted", "agreements", columns, sqlite_where=_WHERE, postgresql_where=_WHERE)


def downgrade() -> None:
    op.drop_index("ix_agreements_uncounted", "agreements")
    op.create_index("ix_agreements_uncounted", "agreements", ["id"], sqlite_where=_WHERE, postgresql_where=_WHERE)
