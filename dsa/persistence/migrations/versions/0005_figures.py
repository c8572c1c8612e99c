"""Figures of where the time goes, as rows that pages only read; indexes that lists need when there are many."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_SMALL = {"sqlite_with_rowid": False}


def upgrade() -> None:
    op.add_column("agreements", sa.Column("counted_seq", sa.Integer(), server_default="0", nullable=False))
    _partial("ix_agreements_uncounted", "agreements", ["id"], "counted_seq <> head_seq")
    op.create_table(
        "counted",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_counted_agreement_id_agreements")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_counted")),
    )
    key = ("scope", "topic", "week", "name", "detail", "span", "workflow", "route")
    numbers = {"scope", "week", "span"}
    op.create_table(
        "tallies",
        *(sa.Column(name, sa.Integer() if name in numbers else sa.String(), nullable=False) for name in key),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_tallies")),
        **_SMALL,
    )
    op.create_table(
        "week_figures",
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("half", sa.Float(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "stage", "week", name=op.f("pk_week_figures")),
        **_SMALL,
    )
    _stage_and_team_figures()
    _open_work()
    _partial("ix_queries_open", "queries", ["agreement_id", "task_id"], "answered_at IS NULL")


def _stage_and_team_figures() -> None:
    op.create_table(
        "stage_figures",
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("closed", "open", "passed", "late")),
        sa.Column("half", sa.Float(), nullable=True),
        sa.Column("most", sa.Float(), nullable=True),
        sa.Column("at_risk", sa.Integer(), nullable=False),
        sa.Column("worked_out_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "workflow", "route", "stage", name=op.f("pk_stage_figures")),
        **_SMALL,
    )
    op.create_table(
        "team_figures",
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "organisation", "role", name=op.f("pk_team_figures")),
        **_SMALL,
    )


def _open_work() -> None:
    op.create_table(
        "open_work",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("stage", "workflow", "route", "nation")),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("entered_on", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("monthly_value", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("pressure", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_open_work_agreement_id_agreements")),
        sa.PrimaryKeyConstraint("agreement_id", "scope", name=op.f("pk_open_work")),
        **_SMALL,
    )
    op.create_index("ix_open_work_stage", "open_work", ["scope", "stage", "entered_at", "agreement_id"])
    op.create_index("ix_open_work_due", "open_work", ["scope", "due_at", "agreement_id"])
    op.create_index("ix_open_work_pressure", "open_work", ["scope", "pressure", "agreement_id"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_queries_open", "queries")
    for table in ("open_work", "team_figures", "stage_figures", "week_figures", "tallies", "counted"):
        op.drop_table(table)
    op.drop_index("ix_agreements_uncounted", "agreements")
    op.drop_column("agreements", "counted_seq")
