"""Who is to answer an open proposal of a timetable, by organisation."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "timetable_asked",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_timetable_asked_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_timetable_asked_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "organisation_id", name=op.f("pk_timetable_asked")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_timetable_asked_organisation", "timetable_asked", ["organisation_id", "asked_at"], unique=False)
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    open_ones = sa.text("SELECT agreement_id, accepted, proposed_at FROM timetable_proposals WHERE status = 'open'")
    signing = sa.text(
        "SELECT organisation_id, key FROM parties WHERE agreement_id = :agreement AND signs AND left_at IS NULL"
    )
    new = sa.text(
        "INSERT INTO timetable_asked (agreement_id, organisation_id, asked_at) VALUES (:agreement, :body, :at)"
    )
    for proposal in connection.execute(open_ones).all():
        accepted = json.loads(proposal.accepted)
        parties = connection.execute(signing, {"agreement": proposal.agreement_id}).all()
        for body in {party.organisation_id for party in parties if party.key not in accepted}:
            told = {"agreement": proposal.agreement_id, "body": body, "at": proposal.proposed_at}
            connection.execute(new, told)


def downgrade() -> None:
    op.drop_table("timetable_asked")
