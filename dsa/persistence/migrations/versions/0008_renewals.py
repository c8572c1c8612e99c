"""When a sealed document is to be stamped again, and which authority stamped it and each signature."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
_YEAR = 365 * 24 * 60 * 60


def upgrade() -> None:
    op.add_column("signatures", sa.Column("time_stamp_authority", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("time_stamp_authority", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("renew_by", sa.BigInteger(), nullable=True))
    op.add_column("documents", sa.Column("renewals", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_documents_renew_by", "documents", ["renew_by"], unique=False)
    documents = sa.table(
        "documents", sa.column("status", sa.String), sa.column("level", sa.String),
        sa.column("updated_at", sa.BigInteger), sa.column("renew_by", sa.BigInteger),
    )  # fmt: skip
    op.execute(
        documents.update()
        .where(documents.c.status == "sealed", documents.c.level == "B-LTA")
        .values(renew_by=documents.c.updated_at + _YEAR)
    )
