"""Agreements, their parties and what is written into them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

TABLES = (
    "agreements",
    "access_records",
    "comments",
    "contacts",
    "edited",
    "looks",
    "parties",
    "section_answers",
    "versions",
)


def create() -> None:
    """Create them, in the order in which one refers to another."""
    _agreements()
    _access_records()
    _comments()
    _contacts()
    _edited()
    _looks()
    _parties()
    _section_answers()
    _versions()


def _agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("classification", sa.String(), nullable=False),
        sa.Column("document_type", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("route_reasons", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("workflow_version", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("head_seq", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(), nullable=False),
        *_where_it_stands(),
        sa.ForeignKeyConstraint(["drafter_id"], ["people.id"], name=op.f("fk_agreements_drafter_id_people")),
        sa.ForeignKeyConstraint(
            ["lead_organisation_id"],
            ["organisations.id"],
            name=op.f("fk_agreements_lead_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("reference", name=op.f("uq_agreements_reference")),
    )
    op.create_index(op.f("ix_agreements_lead_organisation_id"), "agreements", ["lead_organisation_id"], unique=False)
    op.create_index("ix_agreements_list", "agreements", ["updated_at", "id"], unique=False)
    op.create_index("ix_agreements_stage", "agreements", ["stage", "id"], unique=False)


def _where_it_stands() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("lead_organisation_id", sa.Integer(), nullable=False),
        sa.Column("parent_reference", sa.String(), nullable=True),
        sa.Column("replaces_reference", sa.String(), nullable=True),
        sa.Column("first_contact_on", sa.Date(), nullable=True),
        sa.Column("first_contact_evidence", sa.String(), nullable=True),
        sa.Column("date_needed", sa.Date(), nullable=True),
        sa.Column("takes_effect", sa.String(), nullable=False),
        sa.Column("shared_at", sa.BigInteger(), nullable=True),
        sa.Column("locked_version_id", sa.Integer(), nullable=True),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("holder_owner", sa.String(), nullable=True),
        sa.Column("holder_role", sa.String(), nullable=True),
        sa.Column("holder_reason", sa.String(), nullable=True),
        sa.Column("holder_since", sa.BigInteger(), nullable=True),
        sa.Column("stage_entered_at", sa.BigInteger(), nullable=False),
        sa.Column("stage_due_at", sa.BigInteger(), nullable=True),
        sa.Column("is_example", sa.Boolean(), nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), nullable=False),
        sa.Column("drafter_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
    )


def _access_records() -> None:
    op.create_table(
        "access_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_access_records_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_access_records_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_records")),
    )


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=True),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("reply_to_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_comments_agreement_id_agreements")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_comments_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_comments_person_id_people")),
        sa.ForeignKeyConstraint(["reply_to_id"], ["comments.id"], name=op.f("fk_comments_reply_to_id_comments")),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["people.id"], name=op.f("fk_comments_resolved_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("agreement_id", "event_seq", name=op.f("uq_comments_agreement_id_event_seq")),
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("party_key", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_contacts_agreement_id_agreements")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_agreement_id"), "contacts", ["agreement_id"], unique=False)


def _edited() -> None:
    op.create_table(
        "edited",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_edited_agreement_id_agreements")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_edited_person_id_people")),
        sa.PrimaryKeyConstraint("agreement_id", "person_id", name=op.f("pk_edited")),
    )


def _looks() -> None:
    op.create_table(
        "looks",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_looks_agreement_id_agreements")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_looks_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "agreement_id", name=op.f("pk_looks")),
    )


def _parties() -> None:
    op.create_table(
        "parties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("controller_status", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=True),
        sa.Column("signs", sa.Boolean(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_parties_agreement_id_agreements")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_parties_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
        sa.UniqueConstraint("agreement_id", "key", name=op.f("uq_parties_agreement_id_key")),
    )
    op.create_index("ix_parties_organisation", "parties", ["organisation_id", "agreement_id"], unique=False)


def _section_answers() -> None:
    op.create_table(
        "section_answers",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("saved_by_id", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_section_answers_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(["saved_by_id"], ["people.id"], name=op.f("fk_section_answers_saved_by_id_people")),
        sa.PrimaryKeyConstraint("agreement_id", "section", name=op.f("pk_section_answers")),
    )


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("schema", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("section_hashes", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("frozen_by_id", sa.Integer(), nullable=False),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_versions_agreement_id_agreements")),
        sa.ForeignKeyConstraint(["frozen_by_id"], ["people.id"], name=op.f("fk_versions_frozen_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("agreement_id", "number", name=op.f("uq_versions_agreement_id_number")),
    )
