"""What the attachments of a signed agreement say. One rule: everything that can be recomputed is recomputed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from dsa.domain.integrity import GENESIS, NotCanonical, canonical, digest, event_hash

_LARGEST = 20 * 1024 * 1024


@dataclass(frozen=True)
class Evidence:
    """The two attachments, read, with what is wrong about each (nothing wrong: None)."""

    content: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    content_hash: str = ""
    content_problem: str | None = None
    events_problem: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


def read_evidence(reader: PdfFileReader) -> Evidence:
    """Read both attachments and recompute every hash in them."""
    files = attachments(reader)
    try:
        raw = files["agreement.json"]
        content = _object(raw)
        found = digest(canonical(content))
    except KeyError:
        return Evidence(content_problem="agreement.json is not attached", events_problem=_NO_EVENTS)
    except (ValueError, RecursionError, NotCanonical) as error:
        return Evidence(content_problem=f"agreement.json cannot be read: {error}", events_problem=_NO_EVENTS)
    problem = _content_problem(reader, raw, content, found)
    audit, events_problem = _events(files, content)
    return Evidence(content, audit, found, problem, events_problem, files)


_NO_EVENTS = "the record of events cannot be tied to a content that cannot be read"


def attachments(reader: PdfFileReader) -> dict[str, bytes]:
    """The embedded files by name, each at most 20 MB."""
    names: Any = reader.root
    for key in ("/Names", "/EmbeddedFiles", "/Names"):
        names = names[key] if key in names else {}  # noqa: SIM401 - get() would not follow the reference
    files: dict[str, bytes] = {}
    for index in range(0, min(len(names) - 1, 40), 2):
        specification = names[index + 1]
        stream = specification["/EF"]["/F"]
        data: bytes = stream.data
        if len(data) <= _LARGEST:
            files[str(specification["/UF"] if "/UF" in specification else specification["/F"])] = data
    return files


def _object(data: bytes) -> dict[str, Any]:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def _content_problem(reader: PdfFileReader, raw: bytes, content: Mapping[str, Any], found: str) -> str | None:
    if digest(raw) != found:
        return "agreement.json is not in its canonical form, so its hash could be read in two ways"
    if content.get("schema") != "dsa.agreement/1":
        return f"agreement.json has the schema {content.get('schema')!r}, which this release does not know"
    information = reader.trailer_view["/Info"]
    printed = str(information["/Keywords"]) if "/Keywords" in information else ""
    if f"sha256:{found}" not in printed:
        return "the hash printed in the document is not the hash of agreement.json"
    if str(content.get("reference", "?")) not in printed:
        return "the reference of the document is not the one in agreement.json"
    return None


def _events(files: Mapping[str, bytes], content: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    if "audit.json" not in files:
        return {}, "audit.json is not attached"
    try:
        audit = _object(files["audit.json"])
    except (ValueError, RecursionError) as error:
        return {}, f"audit.json cannot be read: {error}"
    if audit.get("agreement") != content.get("reference"):
        return audit, "audit.json belongs to another agreement"
    try:
        return audit, chain_problem(audit)
    except (KeyError, TypeError, AttributeError, NotCanonical, RecursionError):
        return audit, "audit.json does not have the shape of a record of events"


def chain_problem(audit: Mapping[str, Any]) -> str | None:
    """What is wrong with the chain of events, with the place; None where every hash follows from the one before."""
    previous, number = GENESIS, None
    for event in audit["events"]:
        if number is not None and event["seq"] != number + 1:
            return f"event {event['seq']} stands after event {number}: one is missing, doubled or out of order"
        number = event["seq"]
        if event["prev"] != previous:
            return f"event {number} does not follow from the event before it"
        if event_hash(previous, canonical(event["body"])) != event["hash"]:
            return f"event {number} was changed: its hash no longer fits its content"
        previous = event["hash"]
    if audit["events"] and audit["head_hash"] != previous:
        return "the record was cut off: its last event is not the one it names as its end"
    return None


def log_problem(audit: Mapping[str, Any], log: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with a full log: its own chain, or that it does not begin with the events in the document."""
    try:
        last = log[-1]["hash"] if log else GENESIS
        if problem := chain_problem({"events": log, "head_hash": last}):
            return problem
        embedded = [event["hash"] for event in audit.get("events", ())]
        if [event["hash"] for event in log[: len(embedded)]] != embedded:
            return "it does not begin with the events that the document carries"
    except (KeyError, TypeError, AttributeError, NotCanonical, RecursionError):
        return "it does not have the shape of a log of events"
    return None
