"""The joint timetable: what parties propose, and the days that bind them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    op.create_table(
        "timetable_proposals",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("party_key", sa.String(), nullable=False),
        sa.Column("dates", sa.Text(), nullable=False),
        sa.Column("change", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_timetable_proposals_agreement_id_agreements")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "event_seq", name=op.f("pk_timetable_proposals")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_timetable_proposals_open",
        "timetable_proposals",
        ["agreement_id"],
        unique=False,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "timetable_days",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("agreed_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_timetable_days_agreement_id_agreements")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "stage", name=op.f("pk_timetable_days")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("timetable_days")
    op.drop_table("timetable_proposals")
