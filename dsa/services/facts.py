"""The facts that guards ask for. One rule: a fact is worked out from the rows when it is needed, and only then."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.checking import Judgement
from dsa.domain.gates import why_a_board
from dsa.domain.parties import parties_of
from dsa.domain.tier import tier
from dsa.persistence import work
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.timekeeping.instants import local_day


def established(ctx: Context, session: Session, loaded: Loaded, wanted: Collection[str]) -> frozenset[str]:
    """Those of the wanted facts that hold now."""
    return frozenset(name for name in wanted if FACTS[name](ctx, session, loaded))


def _start_answered(ctx: Context, session: Session, loaded: Loaded) -> bool:
    others = [party for party in loaded.parties if not party.lead]
    answers = content.flat(content.working_answers(session, loaded.head.id))
    return bool(others) and all(answers.get(key) for key in ("aims", "nature", "date_needed", "consequence_if_not"))


def _form_complete(ctx: Context, session: Session, loaded: Loaded) -> bool:
    answers = content.flat(content.working_answers(session, loaded.head.id))
    if len(loaded.parties) != len(parties_of(answers)):
        return False
    return judgement(ctx, session, loaded, answers).may_go_forward


def judgement(ctx: Context, session: Session, loaded: Loaded, answers: Mapping[str, Any]) -> Judgement:
    """Every check over these answers, with what the service knows besides: today, and whether sign-off comes next."""
    known = {"today": local_day(ctx.clock.now()).isoformat(), "sign_off_requested": loaded.head.stage == "text_agreed"}
    return ctx.judge(content.form_of(ctx, session, loaded), answers, facts=known, bodies=ctx.bodies)


def _requests_answered(ctx: Context, session: Session, loaded: Loaded) -> bool:
    return not any(request.status == "open" for request in work.change_requests(session, loaded.head.id))


def _route_matches(ctx: Context, session: Session, loaded: Loaded) -> bool:
    answers = content.flat(content.working_answers(session, loaded.head.id))
    flow = ctx.definitions.flow(session, loaded.head.workflow_id, loaded.head.workflow_version)
    serves = flow.workflow.serves
    route = tier(answers, parties_of(answers)).route
    return loaded.head.route in serves and (route in serves or route == "fast")


def _no_questions(ctx: Context, session: Session, loaded: Loaded) -> bool:
    return not any(task.question_open and task.status == "open" for task in loaded.tasks)


def _reviews_overdue(ctx: Context, session: Session, loaded: Loaded) -> bool:
    now = ctx.clock.now()
    waiting = [t for t in loaded.tasks if t.status == "open" and t.required and t.stage == loaded.head.stage]
    return all(task.due_at < now for task in waiting)


def _board_needed(ctx: Context, session: Session, loaded: Loaded) -> bool:
    return bool(why_a_board(content.flat(content.working_answers(session, loaded.head.id))))


def _document_issued(ctx: Context, session: Session, loaded: Loaded) -> bool:
    document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    return document is not None and document.status in ("issued", "signing", "sealed")


def _document_sealed(ctx: Context, session: Session, loaded: Loaded) -> bool:
    document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    return document is not None and document.status == "sealed"


def _conditions_met(ctx: Context, session: Session, loaded: Loaded) -> bool:
    return all(condition.met_at is not None for condition in work.conditions(session, loaded.head.id))


def _one_off(ctx: Context, session: Session, loaded: Loaded) -> bool:
    return content.flat(content.working_answers(session, loaded.head.id)).get("nature") == "one_off"


FACTS: Mapping[str, Callable[[Context, Session, Loaded], bool]] = {
    "start_answered": _start_answered,
    "form_complete": _form_complete,
    "requests_answered": _requests_answered,
    "route_matches": _route_matches,
    "no_questions": _no_questions,
    "reviews_overdue": _reviews_overdue,
    "board_needed": _board_needed,
    "document_issued": _document_issued,
    "document_sealed": _document_sealed,
    "conditions_met": _conditions_met,
    "one_off": _one_off,
}


def outside_body(session: Session, loaded: Loaded) -> str:
    """The board or minister that the agreement waits for, in words."""
    answers = content.flat(content.working_answers(session, loaded.head.id))
    return _BOARDS.get(str(answers.get("review_board")), "Review board")


_BOARDS = {
    "psd_england": "Public service delivery review board",
    "debt_fraud_england": "Debt and fraud review board",
    "scotland": "Review board for Scotland",
    "wales": "Review board for Wales",
    "northern_ireland": "Review board for Northern Ireland",
}
