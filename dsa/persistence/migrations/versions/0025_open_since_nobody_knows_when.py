"""What was imported is counted again: where nobody knows since when it is in its stage, the day of the import is not
the beginning of its stay; what was reported past its signature is signed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_COUNT_AGAIN = sa.text("UPDATE agreements SET counted_seq = 0 WHERE tracking <> ''")


def upgrade() -> None:
    op.execute(_COUNT_AGAIN)


def downgrade() -> None:
    op.execute(_COUNT_AGAIN)
