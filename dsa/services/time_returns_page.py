"""First time right: what came through review without a return, and what was asked for. One rule: questions are counted,
never whoever asked or answered.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.reasons import REASONS
from dsa.persistence import queries_figures as queries
from dsa.services.context import Context
from dsa.services.time_scope import Asked, Scope, scope_of

SHOWN = 25


@dataclass(frozen=True, slots=True)
class Returned:
    """A question, a reason or both, for which changes were asked: in how many agreements, how often."""

    question: str
    words: str
    code: str
    reason: str
    agreements: int
    requests: int


@dataclass(frozen=True, slots=True)
class ReturnsPage:
    """The page: how many came through review, how many of them the first time; returns by question and by reason."""

    scope: Scope
    through: int
    first_time: int
    questions: tuple[Returned, ...]
    reasons: tuple[Returned, ...]
    both: tuple[Returned, ...]


def returns_page(ctx: Context, actor: Actor, asked: Asked) -> ReturnsPage:
    """What the figures say, of what the actor may see."""
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        came = queries.by_week(session, scope.id, "through", route=asked.route, since=0)
        wordings = _wordings(ctx, session)
        rows = [
            Returned(
                row.name,
                wordings.get(row.name, row.name),
                row.detail,
                REASONS[row.detail].label if row.detail in REASONS else row.detail,
                int(row.n),
                int(row.amount),
            )
            for row in queries.detailed(session, scope.id, "return", route=asked.route)
            if row.n
        ]
    rows.sort(key=lambda row: (-row.agreements, -row.requests, row.question, row.code))
    return ReturnsPage(
        scope,
        sum(int(row.n) for row in came),
        sum(int(row.amount) for row in came),
        tuple(row for row in rows if row.question and not row.code)[:SHOWN],
        tuple(row for row in rows if row.code and not row.question),
        tuple(row for row in rows if row.code and row.question)[:SHOWN],
    )


def _wordings(ctx: Context, session: Session) -> dict[str, str]:
    """Questions and sections of the newest form by what a request for changes names."""
    form = ctx.definitions.form(session, "agreement", ctx.definitions.newest(session, "form", "agreement"))
    found = {section.key: section.title for section in form.sections}
    for section in form.sections:
        found |= {question.key: question.wording for question in section.questions}
    return found
