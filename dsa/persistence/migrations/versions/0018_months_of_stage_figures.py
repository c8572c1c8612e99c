"""Every agreement is counted again: what it adds to the figures of stages now says in which month it was started."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
_ALL_ARE_DUE = sa.text("UPDATE agreements SET counted_seq = 0")


def upgrade() -> None:
    op.execute(_ALL_ARE_DUE)


def downgrade() -> None:
    op.execute(_ALL_ARE_DUE)
