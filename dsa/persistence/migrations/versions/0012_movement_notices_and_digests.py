"""When the work last moved; what each person is told and how; lines for the daily digest; mails being handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# As ``domain.events.NO_MOVEMENT`` was when this was written.
_NO_MOVEMENT = (
    "AttributionContested", "CommentMade", "CommentShared", "ContactReplaced", "DueDatesRecomputed", "HolderChased",
    "TaskClaimed", "TaskPassedOn",
)  # fmt: skip
# What was reported moved when it is reported to have moved.
_MOVED = "CASE WHEN e.kind IN ('TrackingBegan', 'HolderReported') THEN e.happened_at ELSE e.recorded_at END"


def upgrade() -> None:
    op.add_column("agreements", sa.Column("moved_at", sa.BigInteger(), nullable=True))
    kinds = ", ".join(f"'{kind}'" for kind in _NO_MOVEMENT)
    op.execute(
        f"UPDATE agreements SET moved_at = (SELECT MAX({_MOVED}) FROM events e "  # noqa: S608 - fixed names only
        f"WHERE e.agreement_id = agreements.id AND e.kind NOT IN ({kinds}))"
    )
    op.create_index("ix_agreements_moved", "agreements", ["moved_at", "id"], unique=False)
    op.add_column("mails", sa.Column("handing_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "notice_choices",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notice_choices_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_notice_choices")),
    )
    op.create_table(
        "digest_lines",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_digest_lines_outbox_id_outbox")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_digest_lines_person_id_people")),
        sa.PrimaryKeyConstraint("outbox_id", "person_id", name=op.f("pk_digest_lines")),
    )
    op.create_index(
        "ix_digest_lines_waiting",
        "digest_lines",
        ["person_id", "outbox_id"],
        unique=False,
        sqlite_where=sa.text("told_at IS NULL"),
        postgresql_where=sa.text("told_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_digest_lines_waiting", table_name="digest_lines")
    op.drop_table("digest_lines")
    op.drop_table("notice_choices")
    op.drop_column("mails", "handing_at")
    op.drop_index("ix_agreements_moved", table_name="agreements")
    op.drop_column("agreements", "moved_at")
