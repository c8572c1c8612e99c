"""Since when somebody is waited for, and until when, beside each party: lists of it are one walk of one index."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_WAITED_FOR = sa.text("finished_at IS NULL AND stage <> 'in_use'")
_COLUMNS = {"waiting_since": "holder_since", "waiting_due": "stage_due_at"}
_TOLD = """(
    SELECT agreements.{column} FROM agreements
    WHERE agreements.id = parties.agreement_id AND agreements.finished_at IS NULL AND agreements.stage <> 'in_use'
    AND parties.left_at IS NULL AND (parties.is_lead OR agreements.stage <> 'start')
)"""


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("parties", sa.Column(name, sa.BigInteger(), nullable=True))
    told = ", ".join(f"{name} = {_TOLD.format(column=column)}" for name, column in _COLUMNS.items())
    op.execute(f"UPDATE parties SET {told}")  # noqa: S608 - fixed names only
    for name in _COLUMNS:
        where = sa.text(f"{name} IS NOT NULL")
        columns = ["organisation_id", name, "agreement_id"]
        op.create_index(f"ix_parties_{name}", "parties", columns, sqlite_where=where, postgresql_where=where)
    op.drop_index("ix_agreements_lead_since", "agreements")


def downgrade() -> None:
    columns = ["lead_organisation_id", "holder_since", "id"]
    op.create_index(
        "ix_agreements_lead_since", "agreements", columns, sqlite_where=_WAITED_FOR, postgresql_where=_WAITED_FOR
    )
    for name in _COLUMNS:
        op.drop_index(f"ix_parties_{name}", "parties")
        op.drop_column("parties", name)
