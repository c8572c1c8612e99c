"""A document against the log of the service that made it. One rule: every hash is computed again from what is given.

The document itself carries a checkpoint of the log and the proof that its record of events stands in it. A full log
(JSON Lines: events, leaves, a checkpoint) lets an outsider compute the whole; a checkpoint that somebody kept outside
the service shows whether the log is still the one that it was.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dsa.adapters.checkpoints import signed_by
from dsa.adapters.verification_evidence import Evidence, log_problem
from dsa.adapters.verification_outside import OUTSIDE
from dsa.adapters.verification_trust import Signed
from dsa.adapters.verification_verdict import Check
from dsa.domain.checkpoints import BadNote, Key, Note, notes_in, read_key, read_note
from dsa.domain.data_contract import data_contract
from dsa.domain.integrity import NotCanonical, canonical
from dsa.domain.merkle import Tree, leaf_hash, root_by_inclusion
from dsa.domain.terms import MADE_BY, terms

GIVEN = ("log", "log-leaves", "log-checkpoint", "log-signatures", "checkpoint")  # checks of what lies beside the file
_DECISIONS = ("ReviewDecided", "AdviceGiven", "DraftChecked", "EarlyViewGiven", "BoardDecided", "InPrincipleGiven")
_Malformed = (KeyError, TypeError, AttributeError, ValueError, IndexError)


@dataclass(slots=True)
class FullLog:
    """A full log as it was read: the agreement's events, every leaf's hash, and the newest checkpoint (or empty)."""

    events: list[Mapping[str, Any]] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    checkpoint: str = ""
    problem: str = ""


def read_log(lines: Sequence[Mapping[str, Any]]) -> FullLog:
    """The lines of a log, sorted out; ``problem`` says which line fits nowhere."""
    log = FullLog()
    for number, line in enumerate(lines, 1):
        try:
            if "leaves" in line:
                if line["from"] != len(log.leaves):
                    raise ValueError
                log.leaves += [bytes.fromhex(leaf) for leaf in line["leaves"]]
            elif "checkpoint" in line:
                log.checkpoint = str(line["checkpoint"])
            else:
                log.events.append({"seq": line["seq"], **line})
        except _Malformed:
            log.problem = log.problem or f"line {number} is neither an event, nor leaves in order, nor a checkpoint"
    return log


def record_checks(evidence: Evidence) -> Iterator[Check]:
    """What the record in the document says of itself: who has to sign, which events decided, its place in the log."""
    audit, content = evidence.audit, evidence.content
    if evidence.content_problem or evidence.events_problem:
        return
    if "terms.jsonld" in evidence.files:
        wrong = _terms_problem(evidence)
        good = "The terms for machines and the data contract follow from the content; both were made again."
        yield Check("terms", wrong is None, good if wrong is None else f"The terms for machines do not hold: {wrong}.")
    if "signatories" in audit:
        same = _signatories(audit) == _signatories_of(content)
        good = "The record names the same required signatories as the text."
        yield Check("record-signatories", same, good if same else "The record names other signatories than the text.")
    wrong = _approval_problem(audit)
    if audit.get("approvals") and all(isinstance(one, dict) and "event" in one for one in audit["approvals"]):
        good = f"Each of the {len(audit['approvals'])} approvals rests on an event of the record."
        yield Check(
            "record-approvals", wrong is None, good if wrong is None else f"An approval does not hold: {wrong}."
        )
    if audit.get("log") is not None:
        wrong = _place_problem(audit)
        good = "The last event of the record stands in the service's log, as the signed checkpoint in it says."
        yield Check("record-in-log", wrong is None, good if wrong is None else f"The place in the log fails: {wrong}.")


def _terms_problem(evidence: Evidence) -> str | None:
    """Whether what is attached for machines says what the content says: made again and compared, byte by byte."""
    try:
        if json.loads(evidence.files["terms.jsonld"])["@graph"][0]["dct:conformsTo"] != MADE_BY:
            return None  # another release wrote them by other rules; the seal covers them all the same
        if evidence.files["terms.jsonld"] != canonical(terms(evidence.content)):
            return "terms.jsonld says something other than agreement.json"
        if evidence.files.get("contract.odcs.json") != canonical(data_contract(evidence.content)):
            return "contract.odcs.json says something other than agreement.json"
    except (*_Malformed, NotCanonical, RecursionError):
        return "terms.jsonld cannot be read"
    return None


def _signatories(audit: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        return [(str(one["party"]), str(one["post"])) for one in audit["signatories"]]
    except _Malformed:
        return []


def _signatories_of(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = {str(party["key"]): str(party["name"]) for party in content["parties"]}
    return [(names.get(str(one["party"]), str(one["party"])), str(one["post"])) for one in content["signatories"]]


def _approval_problem(audit: Mapping[str, Any]) -> str | None:
    events = {event["seq"]: event["body"] for event in audit["events"]}
    for one in audit.get("approvals", ()):
        try:
            body = events.get(one["event"])
            fits = body is not None and body["kind"] in _DECISIONS and body["actor"]["post"] == one["decided_by"]
        except _Malformed:
            fits = False
        if not fits:
            return f"“{one.get('review', '')}” of {one.get('party', '')} names an event that did not decide it"
    return None


def _place_problem(audit: Mapping[str, Any]) -> str | None:
    try:
        note = read_note(audit["log"]["checkpoint"])
        if not signed_by(note, read_key(audit["log"]["key"])):
            return "the checkpoint is not signed by the key that is named with it"
        proofs, events = audit["log"]["proofs"], {event["seq"]: event for event in audit["events"]}
        if not any(proof["seq"] == audit["events"][-1]["seq"] for proof in proofs):
            return "there is no proof for the last event"
        for proof in proofs:
            leaf = leaf_hash(bytes.fromhex(events[proof["seq"]]["hash"]))
            path = [bytes.fromhex(hashed) for hashed in proof["path"]]
            if root_by_inclusion(leaf, proof["index"], note.checkpoint.size, path) != note.checkpoint.root:
                return f"the proof of event {proof['seq']} does not lead to the checkpoint"
    except BadNote as problem:
        return str(problem).rstrip(".")
    except _Malformed:
        return "it cannot be read"
    return None


def log_checks(
    pdf: bytes, evidence: Evidence, signed: Sequence[Signed], lines: Sequence[Mapping[str, Any]]
) -> Iterator[Check]:
    """The document against a full log: it continues the record, its leaves are right, every signature has its event."""
    log = read_log(lines)
    wrong = log.problem or log_problem(evidence.audit, log.events)
    good = f"The log of {len(log.events)} events is whole, and begins with those in the document."
    yield Check("log", not wrong, f"The log does not hold: {wrong}." if wrong else good)
    if wrong:
        return
    if log.leaves:
        wrong = _leaf_problem(log)
        good = f"Every event of the log has its leaf among the {len(log.leaves)} leaves of all agreements."
        yield Check("log-leaves", wrong is None, good if wrong is None else f"The leaves do not hold: {wrong}.")
    if log.checkpoint:
        yield _promise(evidence, log, log.checkpoint, "log-checkpoint", "The checkpoint in the log")
    wrong = _signature_problem(pdf, signed, log.events)
    if any(event["body"].get("kind") == "DocumentSealed" for event in log.events):
        good = "Every signature in the document has its event in the log, and every event of signing its signature."
        says = good if wrong is None else f"The signatures are not those of the log: {wrong}."
        yield Check("log-signatures", wrong is None, says)


def held_check(evidence: Evidence, lines: Sequence[Mapping[str, Any]] | None, held: str) -> Check:
    """A checkpoint that was kept outside, or each of a file of them, against the full log; the newest is told."""
    if lines is None:
        return Check("checkpoint", False, "A checkpoint is compared with a log: give the full log as well (--log).")
    what = "The checkpoint that was kept"
    try:
        notes = notes_in(held) or [read_note(held)]
    except BadNote as problem:
        return Check("checkpoint", False, f"{what} cannot be read: {problem}")
    log = read_log(lines)
    compared = [_kept(evidence, log, note, "checkpoint", what) for note in notes]
    return next((each for each in compared if not each.ok), compared[-1])


def _leaf_problem(log: FullLog) -> str | None:
    places = {leaf: index for index, leaf in enumerate(log.leaves)}
    reached = -1
    for event in log.events:
        index = places.get(leaf_hash(bytes.fromhex(event["hash"])))
        if index is None:
            return f"event {event['seq']} has no leaf; where it has only just happened, ask for the log again"
        if index <= reached or event.get("index", index) != index:
            return f"event {event['seq']} stands in another place there"
        reached = index
    return None


def _promise(evidence: Evidence, log: FullLog, text: str, check: str, what: str) -> Check:
    try:
        note = read_note(text)
    except BadNote as problem:
        return Check(check, False, f"{what} cannot be read: {problem}")
    return _kept(evidence, log, note, check, what)


def _kept(evidence: Evidence, log: FullLog, note: Note, check: str, what: str) -> Check:
    said = note.checkpoint
    wrong = _key_problem(evidence, note)
    if wrong is None and not log.leaves:
        wrong = "the log that was given holds no leaves; ask for the full log"
    elif wrong is None and said.size > len(log.leaves):
        wrong = f"it promises {said.size} leaves, and the log has {len(log.leaves)}: its end was cut off"
    elif wrong is None and Tree(log.leaves[: said.size]).root() != said.root:
        wrong = f"the first {said.size} leaves are no longer what they were when it was made"
    good = f"{what}, of {said.at}, is a true beginning of the log: its first {said.size} leaves are what they were."
    return Check(check, wrong is None, good if wrong is None else f"{what}, of {said.at}, does not hold: {wrong}.")


def _key_problem(evidence: Evidence, note: Note) -> str | None:
    """Whether the checkpoint is signed by the key that the sealed document names."""
    named = (evidence.audit.get("log") or {}).get("key") if isinstance(evidence.audit.get("log"), Mapping) else None
    if not named:
        return None
    try:
        key: Key = read_key(str(named))
    except BadNote as problem:
        return str(problem).rstrip(".")
    return None if signed_by(note, key) else "it is not signed by the key that the document names"


def _signature_problem(pdf: bytes, signed: Sequence[Signed], events: Sequence[Mapping[str, Any]]) -> str | None:
    bodies = [event["body"] for event in events]
    facts = {kind: [b.get("facts", {}) for b in bodies if b.get("kind") == kind] for kind in _DOCUMENT_KINDS}
    states = _states(pdf)
    if any(one.get("made_on_request") for one in facts["DocumentSealed"]):
        return None  # a document of the demonstration, made after its history: it says so itself
    for kind, words in (("DocumentIssued", "issued"), ("DocumentSealed", "sealed")):
        if facts[kind] and facts[kind][-1].get("document_sha256") not in states:
            return f"no state of the document is the one that was {words}"
    made = facts["TextSigned"] + facts["OutsideSignatureConfirmed"]
    told = {str(one.get("certificate")): str(one.get("post")) for one in made}
    found = {one.serial: one.post for one in signed if one.kind in ("person", OUTSIDE)}
    for serial, post in found.items():
        if serial not in told:
            return f"the signature of {post} has no event"
    for serial, post in told.items():
        if serial not in found:
            return f"the log says that {post} signed, and the document does not have that signature"
    return None


_DOCUMENT_KINDS = ("DocumentIssued", "TextSigned", "OutsideSignatureConfirmed", "DocumentSealed")


def _states(pdf: bytes) -> set[str]:
    """The SHA-256 of the document as it stood after each of its revisions."""
    found, running, start = set(), hashlib.sha256(), 0
    while (at := pdf.find(b"%%EOF", start)) >= 0:
        running.update(pdf[start : at + 5])
        start = at + 5
        for ending in (b"", b"\n", b"\r\n"):
            if pdf.startswith(ending, start):
                state = running.copy()
                state.update(ending)
                found.add(state.hexdigest())
    return found | {hashlib.sha256(pdf).hexdigest()}
