"""Writes docs/permissions.md from the permission table of the shipped workflows: `python tools/permissions.py`.

One rule: the document is the table; a test compares the two, cell by cell.
"""

from pathlib import Path

from dsa.adapters.definitions import load_yaml
from dsa.domain.permissions import Grant, grants
from dsa.domain.workflow import ROLES
from dsa.domain.workflow_reading import read_workflow

ROOT = Path(__file__).resolve().parents[1]
FILES = ("standard", "fast-track")
RELATIONS = {
    "lead": "the lead party",
    "party": "any party",
    "task": "the task's own organisation, in the task's role",
    "reader": "any party, or an outside auditor",
    "anyone": "any organisation",
}
HEAD = """\
# Who may do what

Written by `python tools/permissions.py` from `dsa/domain/permissions.py` and the workflow files. What is not in the
table is refused. "Any stage" means every stage of the workflow.

Beside the table stand the duties that are kept apart: nobody approves or signs a text of which they wrote a part;
nobody acts in more than one of the roles legal, data protection, security and signatory on one agreement; nobody of
one party decides for another; administrators never decide, move or sign; what somebody has taken is theirs until it is
passed on; while an agreement is on hold nothing is decided and only a withdrawal moves it; a delegated authority that
is out of date or out of scope cannot sign.
"""


def text() -> str:
    """The document."""
    parts = [HEAD, *_table("On every agreement", grants())]
    for name in FILES:
        workflow = read_workflow(load_yaml(ROOT / "workflows" / f"{name}.yaml")[0])
        moves = [grant for grant in grants(workflow) if grant.action.startswith("move:")]
        parts += _table(f"Moves of the {workflow.title.lower()} (`{workflow.id}`, version {workflow.version})", moves)
    return "\n".join(parts) + "\n"


def _table(title: str, rows: "list[Grant] | tuple[Grant, ...]") -> list[str]:
    lines = [f"\n## {title}\n", "| action | what | roles | of | stages |", "|---|---|---|---|---|"]
    for grant in rows:
        roles = ", ".join(f"`{role}`" for role in ROLES if role in grant.roles)
        stages = ", ".join(f"`{stage}`" for stage in grant.stages) or "any stage"
        lines.append(f"| `{grant.action}` | {grant.says} | {roles} | {RELATIONS[grant.relation]} | {stages} |")
    return lines


if __name__ == "__main__":
    (ROOT / "docs" / "permissions.md").write_text(text(), encoding="utf-8")
