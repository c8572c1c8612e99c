"""Whether a stored text is in force today. One rule: its days are counted from the last signature, as it says."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.force import InForce, bound_parties, in_force
from dsa.domain.relative_dates import fixed_dates
from dsa.persistence import history
from dsa.persistence import queries_verify as queries
from dsa.services import content
from dsa.services.context import Context
from dsa.services.signing_days import last_signing_day
from dsa.timekeeping.instants import local_day


def force_today(ctx: Context, session: Session, row: Any) -> InForce:
    """From the stage, the term and the signatures: only the locked text of an agreement can be in force.

    ``row`` is one of ``queries_verify``.
    """
    text = json.loads(row.content)
    answers = content.flat(text["answers"])
    signed = queries.signatures(session, row.version_id)
    asked, there = content.slots(text), {(each.party_key, each.slot) for each in signed}
    start, end = _term(session, row, answers, signed if there >= set(asked) else [])
    return in_force(
        row.stage,
        locked=row.locked_version_id is not None,
        newest=row.locked_version_id == row.version_id,
        start=start,
        end=end,
        today=local_day(ctx.clock.now()),
        by_party=bound_parties(asked, there, list(answers.get("lead_parties") or ()))
        if answers.get("takes_effect") == "with_leads"
        else None,
    )


def _term(session: Session, row: Any, answers: Mapping[str, Any], signed: list[Any]) -> tuple[date | None, date | None]:
    """The first and last day of the term: as the text gives them, or as the last signature fixed them.

    ``signed``: every signature, once all are there. An event fixes the days about a minute after that; what it will
    say is told before.
    """
    said = dict(answers)
    fixed = history.latest(session, row.agreement_id, "DatesFixed")
    if fixed is not None:
        said |= json.loads(fixed.body)["facts"]["dates"]
    elif signed:
        said |= fixed_dates(answers, last_signature=last_signing_day(session, row.agreement_id, row.version_id, signed))
    return _day(said.get("start")), _day(said.get("end"))


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
