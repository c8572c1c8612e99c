"""Who had each agreement, and why, along its critical path: its rows, and every agreement is counted again."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_WHERE = sa.text("day IS NOT NULL")
_ALL_ARE_DUE = sa.text("UPDATE agreements SET counted_seq = 0")


def upgrade() -> None:
    op.add_column("counted", sa.Column("day", sa.Integer(), nullable=True))
    op.create_index("ix_counted_day", "counted", ["day"], sqlite_where=_WHERE, postgresql_where=_WHERE)
    op.create_table(
        "owned_by",
        sa.Column("agreement_id", sa.Integer(), sa.ForeignKey("agreements.id"), primary_key=True),
        sa.Column("topic", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.execute(_ALL_ARE_DUE)


def downgrade() -> None:
    op.drop_table("owned_by")
    op.drop_index("ix_counted_day", "counted")
    op.drop_column("counted", "day")
    op.execute(_ALL_ARE_DUE)
