"""Triggers that keep history append-only on both databases. One rule: events, versions and signatures only grow.

Triggers stop accidents and injected SQL, not somebody who holds the database file; the hash chain finds those.
SQLite needs the insert trigger as well: ``INSERT OR REPLACE`` would otherwise overwrite a row. A later migration
names the tables that it adds; the default is the tables of the first schema.
"""

from collections.abc import Sequence

APPEND_ONLY = ("events", "versions", "definitions", "access_records", "signatures")
CONSENTS = ("indicator_consents",)
AUDIT_LOG = ("audit_leaves", "audit_nodes", "checkpoints")
_KEYS = {
    "events": "agreement_id = NEW.agreement_id AND seq = NEW.seq",
    "versions": "id = NEW.id OR (agreement_id = NEW.agreement_id AND number = NEW.number)",
    "definitions": "kind = NEW.kind AND id = NEW.id AND version = NEW.version",
    "access_records": "id = NEW.id",
    "forecasts": "id = NEW.id",
    "signatures": "id = NEW.id OR (version_id = NEW.version_id AND party_key = NEW.party_key AND slot = NEW.slot)",
    "audit_leaves": "idx = NEW.idx OR (agreement_id = NEW.agreement_id AND seq = NEW.seq)",
    "audit_nodes": "level = NEW.level AND idx = NEW.idx",
    "checkpoints": "id = NEW.id",
    "indicator_consents": "id = NEW.id",
}


def sqlite_triggers(tables: Sequence[str] = APPEND_ONLY) -> list[str]:
    """The statements that make the tables append-only on SQLite."""
    statements = []
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {_KEYS[table]})"  # noqa: S608 - fixed names only
        statements.append(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
            f"BEGIN SELECT RAISE(ABORT, '{table} UNIQUE: the row is there already'); END"
        )
    return statements


def postgresql_triggers(tables: Sequence[str] = APPEND_ONLY) -> list[str]:
    """The statements that make the tables append-only on PostgreSQL, TRUNCATE included."""
    statements = [
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    ]
    for table in tables:
        statements.append(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        statements.append(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    return statements
