"""What is open since nobody knows when is counted again: the day of its import is not the beginning of its stay."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_COUNT_AGAIN = sa.text(
    "UPDATE agreements SET counted_seq = 0 WHERE id IN (SELECT agreement_id FROM stage_entries WHERE NOT since_known)"
)


def upgrade() -> None:
    op.execute(_COUNT_AGAIN)


def downgrade() -> None:
    op.execute(_COUNT_AGAIN)
