"""Since when somebody is waited for on an agreement, and when that stage is due, beside each of its parties.

One rule: both are worked out here from the agreement's own row, and followed in the transaction that changed that row
or its parties. They are empty where nobody is waited for, and where the party may not see that somebody is. My tasks
and what is overdue are read from them: a walk along one organisation's own index.
"""

from sqlalchemy import and_, bindparam, case, literal_column, or_, select, true, update
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, Party, table
from dsa.persistence.prepared import Prepared
from dsa.persistence.visibility import PRIVATE_STAGE

_A, _P = table(Agreement), table(Party)
# Written out, as the indexes are: a parameter would hide from SQLite that they hold what is asked for.
WAITED_FOR = and_(_A.c.finished_at.is_(None), _A.c.stage != literal_column("'in_use'"))
FOLLOWED = ("stage", "holder_since", "stage_due_at", "finished_at")  # what of an agreement they are worked out from


_TELLS = and_(WAITED_FOR, _P.c.left_at.is_(None), or_(_P.c.is_lead == true(), _A.c.stage != PRIVATE_STAGE))
_TOLD = {
    _P.c.waiting_since: case((_TELLS, _A.c.holder_since)),
    _P.c.waiting_due: case((_TELLS, _A.c.stage_due_at)),
}
_OF_AGREEMENT = and_(_P.c.agreement_id == bindparam("agreement"), _A.c.id == bindparam("agreement"))
_FOLLOW = Prepared(update(_P).where(_OF_AGREEMENT).values(_TOLD))
_OFF = Prepared(
    select(_P.c.key)
    .where(_OF_AGREEMENT, or_(*(column.is_distinct_from(told) for column, told in _TOLD.items())))
    .order_by(_P.c.id)
)


def follow(session: Session, agreement_id: int) -> None:
    """Set both for every party of an agreement, from how the agreement stands now."""
    _FOLLOW.run(session, {"agreement": agreement_id})


def off(session: Session, agreement_id: int) -> list[str]:
    """The keys of the parties beside which something else is kept: none, unless rows were changed by another way."""
    return [row.key for row in _OFF.rows(session, {"agreement": agreement_id})]
