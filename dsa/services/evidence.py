"""The evidence beside an agreement: events, approvals, times. One rule: what one side keeps private is not in it."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.checkpoints import read_note
from dsa.domain.events import moment
from dsa.persistence import audit_log as stored_log
from dsa.persistence import history, work
from dsa.persistence.heads import Loaded
from dsa.services import audit_log, content
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.services.whose_time import times_of


def audit_of(ctx: Context, session: Session, loaded: Loaded, *, until_seq: int | None = None) -> dict[str, Any]:
    """The audit as it is embedded and exported: events with hashes, who has to sign, approvals that stand, working days
    by stage, and where the events stand in the service's log.

    Event bodies hold salted commitments instead of private notes, so the chain can be checked by anyone. Embedded
    (``until_seq``), the proof of the last event is enough: every one before it is under its hash.
    """
    rows = history.events(session, loaded.head.id, until_seq=until_seq)
    events = [{"seq": r.seq, "prev": r.prev, "hash": r.hash, "body": json.loads(r.body)} for r in rows]
    seqs = [row.seq for row in rows if until_seq is None or row.seq == until_seq]
    return {
        "agreement": loaded.head.reference,
        "head_hash": rows[-1].hash if rows else "",
        "events": events,
        "signatories": signatories_of(session, loaded),
        "log": log_of(ctx, session, loaded.head.id, seqs),
        "approvals": approvals_of(ctx, session, loaded),
        "stages": stages_of(ctx, session, loaded),
    }


def signatories_of(session: Session, loaded: Loaded) -> list[dict[str, Any]]:
    """Whose signatures the newest frozen version asks for: party, post, authority; empty before there is one."""
    text = content.newest(session, loaded)
    if text is None:
        return []
    names = {party["key"]: party["name"] for party in text.content["parties"]}
    return [
        {"party": names.get(row["party"], row["party"]), "post": row["post"], "authority": row["authority"]}
        for row in text.content["signatories"]
    ]


def log_of(ctx: Context, session: Session, agreement_id: int, seqs: Collection[int]) -> dict[str, Any] | None:
    """The newest checkpoint of the log, the key that signed it, and a proof for each of these events that it covers.

    None before the first checkpoint. An event's leaf is the hash of its hash, so that nothing of it is in the log.
    """
    newest = stored_log.newest_checkpoint(session)
    if newest is None:
        return None
    places = stored_log.places_of(session, agreement_id)
    covered = {seq: places[seq] for seq in sorted(seqs) if places.get(seq, newest.size) < newest.size}
    proofs = audit_log.proofs_of(session, list(covered.values()), newest.size)
    return {
        "origin": read_note(newest.note).checkpoint.origin,
        "key": ctx.checkpoints.key_of(newest.note) if ctx.checkpoints is not None else "",
        "checkpoint": newest.note,
        "proofs": [
            {"seq": seq, "index": index, "path": [hashed.hex() for hashed in proofs[index]]}
            for seq, index in covered.items()
        ],
    }


def approvals_of(ctx: Context, session: Session, loaded: Loaded) -> list[dict[str, Any]]:
    """Approvals that stand: party, review, post, outcome, moment, what it relied on."""
    flow = flow_of(ctx, session, loaded)
    names = {party.key: party.name for party in loaded.parties}
    found = []
    live = work.live_approvals(session, loaded.head.id)
    by_id = {approval.id: approval for approval in live}
    for approval in live:
        relied = by_id.get(approval.relies_on_id) if approval.relies_on_id else None
        found.append(
            {
                "event": approval.event_seq,
                "party": names.get(approval.party_key or "", loaded.lead.name),
                "review": flow.workflow.rule(approval.rule).title,
                "decided_by": approval.post,
                "outcome": approval.outcome,
                "at": moment(approval.at),
                "relies_on": names.get(relied.party_key or "", "") if relied is not None else "",
            }
        )
    return found


def stages_of(ctx: Context, session: Session, loaded: Loaded) -> list[dict[str, Any]]:
    """Working days spent in each stage against its target, and who owned most of it, in the order of the workflow."""
    flow = flow_of(ctx, session, loaded)
    now = max(ctx.clock.now(), loaded.head.updated_at)
    calendar = ctx.calendars.of(session, loaded.lead.organisation_id, loaded.lead.nation)
    names = {party.code: party.name for party in loaded.parties}
    totals: dict[str, dict[str, Any]] = {}
    for entry in history.stage_entries(session, loaded.head.id):
        if flow.stages[entry.stage].final:
            continue
        days = calendar.elapsed_days(entry.entered_at, entry.left_at or now)
        row = totals.setdefault(entry.stage, {"days": 0, "target": entry.target_days})
        row["days"] += days
    owners = _owners(ctx, session, loaded)
    ordered = sorted(totals, key=flow.workflow.position)
    return [
        {
            "stage": flow.stages[stage].title,
            "working_days": totals[stage]["days"],
            "target": totals[stage]["target"],
            "owner": names.get(owners.get(stage, ""), owners.get(stage, "") or loaded.lead.name),
        }
        for stage in ordered
    ]


def _owners(ctx: Context, session: Session, loaded: Loaded) -> Mapping[str, str]:
    """Who owned most of each stage (a code), parallel time along the critical path."""
    now = max(ctx.clock.now(), loaded.head.updated_at)
    minutes: dict[str, dict[str, float]] = {}
    for piece in times_of(ctx, session, [loaded.head], now=now)[loaded.head.id].pieces:
        if piece.holder.not_known:
            continue
        length = ((piece.ended_at or now) - piece.started_at).total_seconds()
        stage = minutes.setdefault(piece.holder.stage, {})
        stage[piece.holder.owner] = stage.get(piece.holder.owner, 0) + length
    return {stage: max(sorted(owned), key=lambda code: owned[code]) for stage, owned in minutes.items()}
