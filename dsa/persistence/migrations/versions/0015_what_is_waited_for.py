"""What is waited for and what is late, found by an index that leaves out agreements in use."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_OPEN = sa.text("finished_at IS NULL")
_WAITED_FOR = sa.text("finished_at IS NULL AND stage <> 'in_use'")
_NEW = (
    ("ix_agreements_lead_since", "agreements", ["lead_organisation_id", "holder_since", "id"], _WAITED_FOR),
    ("ix_agreements_due", "agreements", ["stage_due_at", "id"], _OPEN),
    ("ix_agreements_late", "agreements", ["stage_due_at", "id"], _WAITED_FOR),
)


def upgrade() -> None:
    op.drop_index("ix_agreements_since", "agreements")
    for name, table, columns, where in _NEW:
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, _columns, _where in reversed(_NEW):
        op.drop_index(name, table)
    op.create_index(
        "ix_agreements_since", "agreements", ["holder_since", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
