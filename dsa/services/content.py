"""The content of an agreement, working and frozen. One rule: what is frozen is canonical."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.answers import content_answers
from dsa.domain.form import Form
from dsa.domain.integrity import CONTENT_SCHEMA, canonical, digest, section_hash
from dsa.domain.parties import Party, parties_of
from dsa.persistence import drafts
from dsa.persistence.heads import Loaded
from dsa.services.context import Context


@dataclass(frozen=True, slots=True)
class Text:
    """The text of an agreement at one moment: its content, its hash, and the hash of each section."""

    number: int
    content: Mapping[str, Any]
    data: bytes
    hash: str
    section_hashes: Mapping[str, str]


def form_of(ctx: Context, session: Session, loaded: Loaded) -> Form:
    """The form version that the agreement began with."""
    return ctx.definitions.form(session, loaded.head.form_id, loaded.head.form_version)


def working_answers(session: Session, agreement_id: int) -> dict[str, dict[str, Any]]:
    """The working answers by section."""
    return drafts.answers_of(session, agreement_id)


def flat(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Answers by question key, whatever their section."""
    return {key: value for answers in sections.values() for key, value in answers.items()}


def compose(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    *,
    number: int,
    sections: Mapping[str, Mapping[str, Any]],
    assumed: tuple[str, ...] = (),
) -> Text:
    """The content of the agreement with these answers, as version ``number``: what is asked and is not private."""
    head, form = loaded.head, form_of(ctx, session, loaded)
    everything = flat(sections)
    parties = parties_of(everything)
    answers = content_answers(form, everything, parties)
    content = {
        "schema": CONTENT_SCHEMA,
        "reference": head.reference,
        "title": head.title,
        "version": number,
        "route": head.route,
        "route_reasons": list(head.route_reasons),
        "form": _named(ctx, session, "form", head.form_id, head.form_version),
        "workflow": _named(ctx, session, "workflow", head.workflow_id, head.workflow_version),
        "classification": head.classification,
        "example": head.is_example,
        "synthetic": head.is_synthetic,
        "parties": [party.content() for party in parties],
        "signatories": signatories(everything, parties),
        "answers": answers,
        "assumed": list(assumed),
        "parent_agreement": head.parent_reference,
    }
    data = canonical(content)
    hashes = {key: section_hash(key, value) for key, value in answers.items()}
    return Text(number, content, data, digest(data), hashes)


def signatories(answers: Mapping[str, Any], parties: tuple[Party, ...]) -> list[dict[str, Any]]:
    """Who signs, from the signatories table; a signing party that it leaves out signs by its signatory."""
    rows = []
    named: set[str] = set()
    for row in answers.get("signatories") or []:
        if not isinstance(row, Mapping):
            continue
        for party in parties:
            if party.signs and row.get("party") in (party.key, party.group):
                named.add(party.key)
                rows.append(_signatory(party, row))
    rows += [_signatory(party, {}) for party in parties if party.signs and party.key not in named]
    position = {party.key: number for number, party in enumerate(parties)}
    return sorted(rows, key=lambda row: (row["order"], position[row["party"]]))


def _signatory(party: Party, row: Mapping[str, Any]) -> dict[str, Any]:
    order = row.get("order")
    return {
        "party": party.key,
        "post": str(row.get("post") or "Signatory"),
        "role": str(row.get("role") or ""),
        "authority": str(row.get("authority") or ""),
        "order": order if isinstance(order, int) else 1,
    }


def slots(content: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """(party, slot) for each signature that the content asks for; a party's second signatory has slot 2."""
    seen: dict[str, int] = {}
    found = []
    for row in content["signatories"]:
        seen[row["party"]] = seen.get(row["party"], 0) + 1
        found.append((row["party"], seen[row["party"]]))
    return tuple(found)


def stated_authority(content: Mapping[str, Any], party: str, slot: int) -> str:
    """The authority that the text states for a party's signatory; empty where it states none."""
    mine = [row for row in content["signatories"] if row["party"] == party]
    return str(mine[slot - 1]["authority"] or "") if len(mine) >= slot else ""


def newest(session: Session, loaded: Loaded) -> Text | None:
    """The newest frozen version, or None."""
    row = drafts.newest_version(session, loaded.head.id)
    return None if row is None else _text(row)


def numbered(session: Session, loaded: Loaded, number: int) -> Text | None:
    """A frozen version by its number, or None."""
    row = drafts.version(session, loaded.head.id, number)
    return None if row is None else _text(row)


def locked(session: Session, loaded: Loaded) -> Text | None:
    """The version that is locked for signature, or None before the text is locked."""
    for row in drafts.versions(session, loaded.head.id):
        if row.id == loaded.head.locked_version_id:
            return numbered(session, loaded, row.number)
    return None


def _text(row: Any) -> Text:
    return Text(row.number, json.loads(row.content), row.content.encode(), row.hash, row.section_hashes)


def _named(ctx: Context, session: Session, kind: str, name: str, version: int) -> dict[str, Any]:
    return {"id": name, "version": version, "hash": ctx.definitions.hash_of(session, kind, name, version)}
