"""Forecasts that were made, the newest of each agreement, and figures worked out beforehand."""

import sqlalchemy as sa
from alembic import op

from dsa.persistence.appendonly import postgresql_triggers, sqlite_triggers

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "forecasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("stage_entered_at", sa.BigInteger(), nullable=False),
        sa.Column("first_in_stay", sa.Boolean(), nullable=False),
        sa.Column("likely_on", sa.Date(), nullable=True),
        sa.Column("very_likely_on", sa.Date(), nullable=True),
        sa.Column("likely_days", sa.Float(), nullable=True),
        sa.Column("very_likely_days", sa.Float(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
        sa.Column("rests_on", sa.Integer(), nullable=False),
        sa.Column("still_open", sa.Integer(), nullable=False),
        sa.Column("factor", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_forecasts_agreement_id_agreements")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
    )
    op.create_index("ix_forecasts_agreement", "forecasts", ["agreement_id", "id"], unique=False)
    op.create_index(
        "ix_forecasts_judged",
        "forecasts",
        ["very_likely_on", "id"],
        unique=False,
        sqlite_where=sa.text("first_in_stay"),
        postgresql_where=sa.text("first_in_stay"),
    )
    op.create_table(
        "newest_forecasts",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("stage_entered_at", sa.BigInteger(), nullable=False),
        sa.Column("very_likely_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_newest_forecasts_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecasts.id"], name=op.f("fk_newest_forecasts_forecast_id_forecasts")
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_newest_forecasts")),
    )
    op.create_index("ix_newest_forecasts_day", "newest_forecasts", ["very_likely_on", "agreement_id"], unique=False)
    op.create_table(
        "figures",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "scope", name=op.f("pk_figures")),
    )
    for statement in _triggers():
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("figures")
    op.drop_table("newest_forecasts")
    op.drop_table("forecasts")


def _triggers() -> list[str]:
    sqlite = op.get_bind().dialect.name == "sqlite"
    return sqlite_triggers(["forecasts"]) if sqlite else postgresql_triggers(["forecasts"])
