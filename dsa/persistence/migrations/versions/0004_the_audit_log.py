"""The audit log: leaves, nodes and signed checkpoints over every agreement's events."""

import sqlalchemy as sa
from alembic import op

from dsa.persistence.appendonly import AUDIT_LOG, postgresql_triggers, sqlite_triggers
from dsa.persistence.types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables that only grow. The log itself is filled by the job, from the first event on."""
    op.create_table(
        "audit_leaves",
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_audit_leaves_agreement_id_agreements")
        ),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_audit_leaves")),
        sa.UniqueConstraint("agreement_id", "seq", name=op.f("uq_audit_leaves_agreement_id")),
    )
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_audit_nodes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )
    dialect = op.get_bind().dialect.name
    for statement in sqlite_triggers(AUDIT_LOG) if dialect == "sqlite" else postgresql_triggers(AUDIT_LOG):
        op.execute(statement)


def downgrade() -> None:
    """Take the log away; the events stay."""
    for table in ("checkpoints", "audit_nodes", "audit_leaves"):
        op.drop_table(table)
