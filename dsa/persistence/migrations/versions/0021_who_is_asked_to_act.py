"""Who is to make a move or to answer a question, found by an index however much others of their organisation have."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_UNANSWERED = sa.text("answered_at IS NULL")
_FILL = """
UPDATE queries SET asked_organisation_id = (
    SELECT agreements.lead_organisation_id FROM agreements WHERE agreements.id = queries.agreement_id
)
"""


def upgrade() -> None:
    op.add_column("queries", sa.Column("asked_organisation_id", sa.Integer(), nullable=True))
    op.execute(_FILL)
    columns = ["asked_organisation_id", "id"]
    op.create_index("ix_queries_asked", "queries", columns, sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED)
    op.drop_index("ix_agreements_holder", "agreements")
    holder = ["holder_owner", "holder_role", "holder_reason", "stage_due_at", "id"]
    op.create_index("ix_agreements_holder", "agreements", holder)
    op.create_index("ix_agreements_drafter", "agreements", ["drafter_id", "holder_reason", "stage_due_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_agreements_drafter", "agreements")
    op.drop_index("ix_agreements_holder", "agreements")
    holder = ["lead_organisation_id", "holder_owner", "holder_role", "stage_due_at", "id"]
    op.create_index("ix_agreements_holder", "agreements", holder)
    op.drop_index("ix_queries_asked", "queries")
    op.drop_column("queries", "asked_organisation_id")
