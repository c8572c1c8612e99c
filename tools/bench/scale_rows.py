"""Many agreements as bare rows, for measuring what pages cost. One rule: the rows that pages read, in the shapes that
the services leave behind; no events, because no page measured here reads them.

One organisation leads a tenth of all agreements and is asked into a twentieth, and leads the first 900, which
began lately: its people's pages are full at every size. Its drafters share its drafts; whoever's task is open has the
agreement; of one legal review in four a question is open.
"""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg

from dsa.timekeeping.calendar import calendar_for

ORGANISATIONS = 200
LATELY = 900
ROLES = ("drafter", "information_governance", "legal", "security", "data_protection", "data_owner", "signatory",
         "operational", "head_of_sharing")  # fmt: skip
_STAGES = {  # stage -> (role, reason, target in working days, usual calendar days)
    "start": ("drafter", "starting", 2, 2),
    "first_look": ("drafter", "first_look", 3, 5),
    "drafting": ("drafter", "drafting", 15, 22),
    "check_draft": ("drafter", "checking", 5, 7),
    "review": ("drafter", "reviewing", 15, 24),
    "text_agreed": ("drafter", "locking", 2, 4),
    "sign_off": ("drafter", "signing", 7, 20),
    "signed": ("drafter", "sealing", 1, 2),
    "preparing": ("operational", "preparing", 13, 14),
    "in_use": ("operational", "in_use", 260, 900),
}
_TASKS = {  # stage -> (rule, kind, role, for which of the two parties)
    "first_look": [("in_principle", "in_principle", "information_governance", (1,))],
    "check_draft": [("check_text", "check", "information_governance", (1,))],
    "review": [
        ("legal", "decision", "legal", (0, 1)),
        ("security", "decision", "security", (0, 1)),
        ("data_protection_advice", "advice", "data_protection", (0, 1)),
    ],
    "sign_off": [("sign", "signature", "signatory", (0, 1))],
}
_COLUMNS = {
    "agreements": (
        "id", "reference", "title", "classification", "document_type", "route", "route_reasons", "workflow_id",
        "workflow_version", "form_id", "form_version", "stage", "round", "version", "head_seq", "head_hash",
        "lead_organisation_id", "takes_effect", "on_hold", "holder_owner", "holder_role", "holder_reason",
        "holder_since", "stage_entered_at", "stage_due_at", "is_example", "is_synthetic", "drafter_id", "created_at",
        "updated_at",
    ),
    "parties": (
        "agreement_id", "organisation_id", "key", "role", "controller_status", "signs", "is_lead", "joined_at",
        "waiting_since", "waiting_due",
    ),
    "stage_entries": (
        "agreement_id", "entered_seq", "stage", "round", "organisation_id", "route", "entered_at", "left_at",
        "target_days", "due_at", "working_minutes", "calendar_version",
    ),
    "spells": (
        "agreement_id", "started_seq", "owner", "outside", "stage", "role", "reason", "started_at", "ended_at",
        "ended_seq",
    ),
    "tasks": (
        "id", "agreement_id", "stage", "round", "key", "rule", "kind", "party_key", "organisation_id", "role",
        "required",
        "opened_seq", "opened_at", "target_days", "due_at", "calendar_version", "status", "outcome", "done_at",
        "done_seq", "done_by_id", "working_minutes",
    ),
    "section_answers": (
        "agreement_id", "section", "revision", "answers", "problems", "hash", "saved_by_id", "saved_at",
    ),
    "queries": (
        "agreement_id", "task_id", "asked_seq", "asked_by_id", "asked_organisation_id", "asked_at", "text",
    ),
}  # fmt: skip
Rows = dict[str, list[tuple[Any, ...]]]


def rows(
    number: int, *, now: datetime, organisations: Sequence[tuple[int, str]], people: Sequence[int]
) -> Iterator[Rows]:
    """The rows of so many agreements, a thousand at a time.

    ``organisations`` are (id, code), the busy one first; ``people`` are its drafters.
    """
    chance = random.Random(number)  # noqa: S311 - wanted to be repeatable
    numbers = count(1)
    made: Rows = {name: [] for name in _COLUMNS}
    for agreement in range(1, number + 1):
        busy = agreement % 10 == 0 or agreement <= LATELY
        lead = organisations[0] if busy else chance.choice(organisations[1:])
        other = chance.choice(organisations[1:])
        other = other if other != lead else organisations[1 + organisations.index(other) % (len(organisations) - 1)]
        other = organisations[0] if agreement % 20 == 5 and not busy else other
        began = now - timedelta(days=chance.uniform(1, 150 if agreement <= LATELY else 3 * 365))
        _agreement(made, agreement, (lead, other), now, began, chance.choice(people), chance, numbers)
        if agreement % 1_000 == 0 or agreement == number:
            yield made
            made = {name: [] for name in _COLUMNS}


def _agreement(
    made: Rows,
    agreement: int,
    parties: Sequence[tuple[int, str]],
    now: datetime,
    began: datetime,
    person: int,
    chance: random.Random,
    numbers: Iterator[int],
) -> None:
    calendar, route = calendar_for("ENG"), chance.choice(("standard", "standard", "fast"))
    plan = ["start", "first_look", "drafting", "check_draft", "review"]
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        plan += ["drafting", "check_draft", "review"]
    plan += ["text_agreed", "sign_off", "signed", "preparing", "in_use"]
    at, seq, round_, stage, due, role, reason, has = began, 0, 1, "start", began, "drafter", "starting", parties[0]
    for place, stage in enumerate(plan):
        (role, reason, target, usual), has = _STAGES[stage], parties[0]
        if stage in _TASKS:
            _, _, role, whose = chance.choice(_TASKS[stage])
            has = parties[chance.choice(whose)]
        seq, round_ = seq + 1, round_ + (stage == "drafting" and place > 2)
        left = at + timedelta(days=chance.expovariate(1 / usual) + 0.1)
        due = calendar.due_at(at, target)
        ended = left if left < now else None
        minutes = calendar.working_minutes(at, left) if ended else None
        made["stage_entries"].append((agreement, seq, stage, round_, parties[0][0], route, _s(at), _s(ended), target,
                                      _s(due), minutes, "bench"))  # fmt: skip
        made["spells"].append((agreement, seq, has[1], False, stage, role, reason, _s(at), _s(ended),
                               seq + 1 if ended else None))  # fmt: skip
        for rule, kind, of, whose in _TASKS.get(stage, []):
            for one in whose:
                task, key = next(numbers), f"{rule}:{parties[one][1].lower()}"
                state = ("done", "approved", _s(left), seq, person, minutes) if ended else ("open", *[None] * 5)
                made["tasks"].append((task, agreement, stage, round_, key, rule, kind, parties[one][1].lower(),
                                      parties[one][0], of, True, seq, _s(at), target, _s(due), "bench",
                                      *state))  # fmt: skip
                if ended is None and rule == "legal" and not chance.randrange(4):
                    made["queries"].append((agreement, task, seq, person, parties[0][0], _s(at), "Which power?"))
        if ended is None:
            break
        at = left
    entered = made["stage_entries"][-1][6]
    made["agreements"].append((
        agreement, f"DSA-B-{agreement:07d}", f"Made-up agreement {agreement}", "OFFICIAL", "dsa", route, "[]",
        "standard" if route == "standard" else "fast-track", 1, "agreement", 2, stage, round_, seq, seq, "0" * 64,
        parties[0][0], "all_signed", False, has[1], role, reason, entered, entered, _s(due), False, True,
        person, _s(began), entered,
    ))  # fmt: skip
    for place, (organisation, code) in enumerate(parties):
        told = (None, None) if stage == "in_use" or (stage == "start" and place) else (entered, _s(due))
        made["parties"].append((agreement, organisation, code.lower(), ("recipient", "discloser")[place], "", True,
                                place == 0, _s(began), *told))  # fmt: skip
    if agreement % 3:
        answers = f'{{"monthly_benefit":{1_000 * chance.randint(1, 200)}}}'
        made["section_answers"].append((agreement, "purpose", 1, answers, "{}", "0" * 64, person, _s(began)))


def _s(at: datetime | None) -> int | None:
    return None if at is None else int(at.astimezone(UTC).timestamp())


def write(url: str, batches: Iterator[Rows]) -> None:
    """Put the rows into a migrated database, by the fastest way that its driver has."""
    if url.startswith("sqlite"):
        _write_sqlite(url.split("///", 1)[1], batches)
    else:
        _write_postgresql(url.replace("+psycopg", ""), batches)


def _write_sqlite(path: str, batches: Iterator[Rows]) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-200000"):
        db.execute(f"PRAGMA {pragma}")
    for made in batches:
        db.execute("BEGIN")
        for table, some in made.items():
            names = _COLUMNS[table]
            marks = ", ".join("?" * len(names))
            db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", some)  # noqa: S608
        db.execute("COMMIT")
    db.close()


def _write_postgresql(url: str, batches: Iterator[Rows]) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for made in batches:
            for table, some in made.items():
                with cursor.copy(f"COPY {table} ({', '.join(_COLUMNS[table])}) FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
