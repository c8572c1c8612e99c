"""The time before an agreement was followed here belongs to nobody who is known, and is counted so."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_NOBODY_KNOWN = sa.text("UPDATE spells SET owner = 'not known' WHERE reason = 'reported'")
_THE_LEAD_S = sa.text(
    "UPDATE spells SET owner = (SELECT o.code FROM agreements a JOIN organisations o ON o.id = a.lead_organisation_id"
    " WHERE a.id = spells.agreement_id) WHERE reason = 'reported'"
)
_COUNT_AGAIN = sa.text(
    "UPDATE agreements SET counted_seq = 0 WHERE id IN (SELECT agreement_id FROM spells WHERE reason = 'reported')"
)


def upgrade() -> None:
    op.execute(_NOBODY_KNOWN)
    op.execute(_COUNT_AGAIN)


def downgrade() -> None:
    op.execute(_THE_LEAD_S)
    op.execute(_COUNT_AGAIN)
