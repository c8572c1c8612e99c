"""Who has an agreement, and for how long, found by an index: my tasks cost a page, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_OPEN = sa.text("finished_at IS NULL")


def upgrade() -> None:
    holder = ["lead_organisation_id", "holder_owner", "holder_role", "stage_due_at", "id"]
    op.create_index("ix_agreements_holder", "agreements", holder)
    op.create_index(
        "ix_agreements_since", "agreements", ["holder_since", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    op.drop_index("ix_agreements_since", "agreements")
    op.drop_index("ix_agreements_holder", "agreements")
