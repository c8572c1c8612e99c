"""Signatures made outside this service. One rule: in the order in which they were uploaded."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import OutsideSignature


def add(session: Session, values: Mapping[str, Any]) -> int:
    """Add one that waits to be confirmed; returns its id."""
    return rows.add(session, "outside_signatures", values)


def every(session: Session, agreement_id: int, version_id: int | None) -> list[OutsideSignature]:
    """Those of one version, oldest first."""
    return list(
        session.scalars(
            select(OutsideSignature)
            .where(OutsideSignature.agreement_id == agreement_id, OutsideSignature.version_id == version_id)
            .order_by(OutsideSignature.id)
        )
    )


def one(session: Session, agreement_id: int, number: int) -> OutsideSignature | None:
    """One of the agreement, or None."""
    return session.scalars(
        select(OutsideSignature).where(OutsideSignature.agreement_id == agreement_id, OutsideSignature.id == number)
    ).one_or_none()


def decide(session: Session, number: int, **values: Any) -> bool:
    """Confirm or refuse one that waits; False when somebody did so already."""
    done = session.execute(
        update(OutsideSignature)
        .where(OutsideSignature.id == number, OutsideSignature.status == "waiting")
        .values(**values)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]
