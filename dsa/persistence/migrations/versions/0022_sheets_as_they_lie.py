"""Imports keep the worksheets of a file and where the headings are, so that a person can say so."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("imports", sa.Column("layout", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("imports", sa.Column("workbook", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("imports", "workbook")
    op.drop_column("imports", "layout")
