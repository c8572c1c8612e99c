"""Agreements of the past, put straight into the tables, for measurements that need many of them.

One rule: their stays follow each other without a gap, with the tasks of ``WORK``; their events are not there.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import insert, select

from dsa.persistence import waiting
from dsa.persistence.models import Agreement, Party, StageEntry, Task, table
from dsa.persistence.session import Database

_A, _G, _P, _T = (table(model) for model in (Agreement, StageEntry, Party, Task))
WORK = {
    "review": [
        ("legal", "decision", "legal"),
        ("security", "decision", "security"),
        ("data_protection_advice", "advice", "data_protection"),
    ],
    "sign_off": [("sign", "signature", "signatory")],
}


def add_past(
    database: Database,
    like: str,
    *,
    begun: datetime,
    stays: Sequence[tuple[str, float]],
    reference: str,
    now: datetime,
    needed: date | None = None,
    lead: int | None = None,
    route: str = "standard",
) -> int:
    """One agreement like that of reference ``like`` with stays of so many calendar days; what lies after now is not
    there yet. A last stay in ``signed``, ``withdrawn`` or another final stage is of no length; each
    later stay in ``drafting`` begins a round. Returns its id."""
    with database.writing() as session:
        row: dict[str, Any] = dict(session.execute(select(_A).where(_A.c.reference == like)).mappings().one())
        parties = [dict(each) for each in session.execute(select(_P).where(_P.c.agreement_id == row["id"])).mappings()]
        moments = [begun]
        for _, days in stays:
            moments.append(moments[-1] + timedelta(days=days))
        spent = [
            (stage, since, until) for (stage, _), (since, until) in zip(stays, pairwise(moments), strict=True)
            if since <= now
        ]  # fmt: skip
        stage, since, _ = spent[-1]
        final = stage in ("withdrawn", "rejected")
        row |= {
            "reference": reference, "title": f"Past {reference}", "stage": stage, "created_at": begun, "route": route,
            "stage_entered_at": since, "updated_at": since, "finished_at": since if final else None,
            "first_contact_on": None, "date_needed": needed, "locked_version_id": None,
            "lead_organisation_id": lead or row["lead_organisation_id"],
        }  # fmt: skip
        del row["id"]
        made = int(session.execute(insert(_A).values(**row).returning(_A.c.id)).scalar_one())
        for party in parties:
            del party["id"]
            session.execute(insert(_P).values(**{**party, "agreement_id": made}))
        entries: list[dict[str, Any]] = []
        for number, (where, entered, left) in enumerate(spent):
            over = left <= now and where != "signed"
            drafts = where == "drafting" and sum(each["stage"] == "drafting" for each in entries)
            round_ = entries[-1]["round"] + bool(drafts) if entries else 1
            entries.append(
                {
                    "agreement_id": made, "entered_seq": number + 1, "stage": where, "round": round_, "route": route,
                    "organisation_id": row["lead_organisation_id"], "entered_at": entered,
                    "left_at": left if over else None, "target_days": 10, "due_at": None, "working_minutes": None,
                    "calendar_version": "past",
                }
            )  # fmt: skip
        waiting.follow(session, made)
        session.execute(insert(_G), entries)
        tasks = [task for entry in entries if entry["stage"] in WORK for task in _tasks(entry, parties)]
        if tasks:
            session.execute(insert(_T), tasks)
        return made


def _tasks(entry: dict[str, Any], parties: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each party's pieces of work in a stay: all asked for as it begins, the last one done as it ends."""
    found = []
    until = entry["left_at"]
    rules = WORK[entry["stage"]]
    for number, (rule, kind, role) in enumerate(rules):
        for place, party in enumerate(parties):
            part = (number + 1 + place) / (len(rules) + len(parties) - 1)
            done = None if until is None else entry["entered_at"] + (until - entry["entered_at"]) * part
            found.append(
                {
                    "agreement_id": entry["agreement_id"], "stage": entry["stage"], "round": entry["round"],
                    "key": f"{rule}:{party['key']}", "rule": rule, "kind": kind, "party_key": party["key"],
                    "organisation_id": party["organisation_id"], "role": role, "required": True,
                    "opened_seq": entry["entered_seq"], "opened_at": entry["entered_at"], "target_days": 10,
                    "due_at": entry["entered_at"] + timedelta(days=14), "calendar_version": "past",
                    "status": "open" if done is None else "done", "done_at": done,
                }
            )  # fmt: skip
    return found


def add_signed(database: Database, like: str, *, now: datetime, count: int = 24, prefix: str = "PAST") -> None:
    """So many agreements that were signed: drafting, review and sign-off of different lengths, one begun each week."""
    for number in range(count):
        lengths = (10 + number % 5 * 4, 12 + number % 7 * 5, 4 + number % 3 * 6)
        stays = [*zip(("drafting", "review", "sign_off"), lengths, strict=True), ("signed", 0)]
        begun = now - timedelta(days=150 + 7 * number)
        add_past(database, like, begun=begun, stays=stays, reference=f"{prefix}-{number:03d}", now=now)
