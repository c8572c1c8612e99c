"""Figures of stages by months, quarters, years and ten years, made of the tallies that stand; the month in which what
is under way was started stands beside it.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_LENGTHS = (1, 3, 12, 120)
_KEY = ("scope", "block", "workflow", "route", "stage")
_SCOPES = sa.text("SELECT DISTINCT scope FROM tallies ORDER BY scope")
_TALLIES = sa.text(
    "SELECT topic, week, name, detail, span, workflow, route, n, amount FROM tallies WHERE scope = :scope"
    " AND topic IN ('stay', 'stage', 'open') AND (n <> 0 OR amount <> 0)"
)
_PUT = sa.text(
    "INSERT INTO month_figures (scope, block, workflow, route, stage, counts)"
    " VALUES (:scope, :block, :workflow, :route, :stage, :counts)"
)
_UNDER_WAY = sa.text("SELECT id, created_at FROM agreements WHERE id IN (SELECT agreement_id FROM open_work)")
_STARTED = sa.text("UPDATE open_work SET started = :month WHERE agreement_id = :id")


def upgrade() -> None:
    op.create_table(
        "month_figures",
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("workflow", "route", "stage")),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_month_figures")),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    for scope in connection.execute(_SCOPES).scalars().all():
        rows = _added_up(scope, connection.execute(_TALLIES, {"scope": scope}))
        if rows:
            connection.execute(_PUT, rows)
    op.add_column("open_work", sa.Column("started", sa.Integer(), nullable=False, server_default="0"))
    begun = [{"id": row.id, "month": _month(row.created_at)} for row in connection.execute(_UNDER_WAY)]
    if begun:
        connection.execute(_STARTED, begun)
    op.drop_index("ix_open_work_due", "open_work")
    op.create_index(
        "ix_open_work_due", "open_work", ["scope", "due_at", "agreement_id", "started", "workflow", "route"]
    )


def _added_up(scope: int, tallies: Any) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], tuple[Any, Any, list[int]]] = defaultdict(
        lambda: (defaultdict(int), defaultdict(int), [0, 0])
    )
    for topic, month, stage, detail, span, workflow, route, n, amount in tallies:
        for place, length in enumerate(_LENGTHS):
            block = (month - month % length) * len(_LENGTHS) + place
            ended, still, passed = found[scope, block, workflow, route, stage]
            if topic == "stay":
                ended[span] += n
            elif topic == "open":
                still[detail, span] += n
            else:
                passed[0] += n
                passed[1] += amount
    rows = []
    for key, (ended, still, passed) in found.items():
        over = [(span, n) for span, n in sorted(ended.items()) if n]
        under_way = [(nation, day, n) for (nation, day), n in sorted(still.items()) if n]
        if over or under_way or any(passed):
            counts = json.dumps((over, under_way, *passed), separators=(",", ":"))
            rows.append(dict(zip(_KEY, key, strict=True)) | {"counts": counts})
    return rows


def _month(began: int) -> int:
    day = datetime.fromtimestamp(began, UTC).astimezone(ZoneInfo("Europe/London"))
    return day.year * 12 + day.month - 1


def downgrade() -> None:
    op.drop_index("ix_open_work_due", "open_work")
    op.create_index("ix_open_work_due", "open_work", ["scope", "due_at", "agreement_id"])
    op.drop_column("open_work", "started")
    op.drop_table("month_figures")
