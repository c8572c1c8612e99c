"""Sheets that are imported, agreements tracked as reported, papers, and whose figures may be public."""

import sqlalchemy as sa
from alembic import op

from dsa.persistence.appendonly import CONSENTS, postgresql_triggers, sqlite_triggers

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("headings", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["done_by_id"], ["people.id"], name=op.f("fk_imports_done_by_id_people")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_imports_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_imports_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("organisation_id", "sha256", name=op.f("uq_imports_organisation_id_sha256")),
    )
    op.create_table(
        "indicator_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_indicator_consents_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_indicator_consents_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_consents")),
    )
    op.create_index("ix_indicator_consents_organisation", "indicator_consents", ["organisation_id", "id"], unique=False)
    op.create_table(
        "import_lines",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_lines_import_id_imports")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_lines")),
    )
    op.create_table(
        "imported_cases",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("sure", sa.Text(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_imported_cases_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_imported_cases_import_id_imports")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_imported_cases_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_imported_cases")),
    )
    op.create_index(op.f("ix_imported_cases_agreement_id"), "imported_cases", ["agreement_id"], unique=False)
    op.create_index("ix_imported_cases_organisation", "imported_cases", ["organisation_id", "started_on"], unique=False)
    op.create_table(
        "papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_papers_agreement_id_agreements")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_papers_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_papers_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )
    op.create_index(op.f("ix_papers_agreement_id"), "papers", ["agreement_id"], unique=False)
    op.add_column("agreements", sa.Column("tracking", sa.String(), server_default="", nullable=False))
    op.add_column("agreements", sa.Column("reported_outside", sa.String(), nullable=True))
    triggers = sqlite_triggers if op.get_bind().dialect.name == "sqlite" else postgresql_triggers
    for statement in triggers(CONSENTS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_column("agreements", "reported_outside")
    op.drop_column("agreements", "tracking")
    op.drop_index(op.f("ix_papers_agreement_id"), table_name="papers")
    op.drop_table("papers")
    op.drop_index("ix_imported_cases_organisation", table_name="imported_cases")
    op.drop_index(op.f("ix_imported_cases_agreement_id"), table_name="imported_cases")
    op.drop_table("imported_cases")
    op.drop_table("import_lines")
    op.drop_index("ix_indicator_consents_organisation", table_name="indicator_consents")
    op.drop_table("indicator_consents")
    op.drop_table("imports")
