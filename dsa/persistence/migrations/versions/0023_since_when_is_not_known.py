"""Of a stay in a stage it is kept whether it is known since when it lasts."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("stage_entries", sa.Column("since_known", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("stage_entries", "since_known")
