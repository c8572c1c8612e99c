"""Calendars that can be changed: closures and one-off days with who, when and withdrawal; office hours by date."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("closures") as closures:
        closures.add_column(sa.Column("closes_at", sa.Integer(), nullable=True))
        closures.add_column(sa.Column("yearly", sa.Boolean(), nullable=False, server_default=sa.false()))
        closures.add_column(sa.Column("added_by_id", sa.Integer(), nullable=True))
        closures.add_column(sa.Column("added_at", sa.BigInteger(), nullable=True))
        closures.add_column(sa.Column("withdrawn_by_id", sa.Integer(), nullable=True))
        closures.add_column(sa.Column("withdrawn_at", sa.BigInteger(), nullable=True))
        closures.create_foreign_key(op.f("fk_closures_added_by_id_people"), "people", ["added_by_id"], ["id"])
        closures.create_foreign_key(op.f("fk_closures_withdrawn_by_id_people"), "people", ["withdrawn_by_id"], ["id"])
    # half days were kept as minutes after an opening at nine
    op.execute("UPDATE closures SET closes_at = 540 + minutes WHERE minutes > 0")
    with op.batch_alter_table("closures") as closures:
        closures.drop_column("minutes")
    with op.batch_alter_table("calendar_days") as days:
        days.add_column(sa.Column("withdrawn_by_id", sa.Integer(), nullable=True))
        days.add_column(sa.Column("withdrawn_at", sa.BigInteger(), nullable=True))
        days.create_foreign_key(op.f("fk_calendar_days_withdrawn_by_id_people"), "people", ["withdrawn_by_id"], ["id"])
    op.create_table(
        "office_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.Integer(), nullable=False),
        sa.Column("closes_at", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_office_hours_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["added_by_id"], ["people.id"], name=op.f("fk_office_hours_added_by_id_people")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["people.id"], name=op.f("fk_office_hours_withdrawn_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_hours")),
    )
    op.create_index(op.f("ix_office_hours_organisation_id"), "office_hours", ["organisation_id"], unique=False)
    op.add_column("tasks", sa.Column("due_seq", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("tasks", "due_seq")
    op.drop_index(op.f("ix_office_hours_organisation_id"), table_name="office_hours")
    op.drop_table("office_hours")
    with op.batch_alter_table("calendar_days") as days:
        days.drop_column("withdrawn_at")
        days.drop_column("withdrawn_by_id")
    with op.batch_alter_table("closures") as closures:
        closures.add_column(sa.Column("minutes", sa.Integer(), nullable=False, server_default="0"))
        for name in ("withdrawn_at", "withdrawn_by_id", "added_at", "added_by_id", "yearly", "closes_at"):
            closures.drop_column(name)
