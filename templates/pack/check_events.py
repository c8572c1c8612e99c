"""Check the events of an agreement: each is under the hash of the next, and the document's own come first.

    python3 check_events.py REFERENCE.audit.json [AUDIT.json taken out of the document]

Needs Python 3 and nothing else. Ends with exit code 1 and the event at which it stops to hold.
"""

import hashlib
import json
import sys


def events_of(path: str) -> list:
    """The events of an audit file, each found to be under the hash of the one before it."""
    with open(path, encoding="utf-8") as opened:
        events = json.load(opened)["events"]
    prev = "0" * 64
    for event in events:
        body = json.dumps(event["body"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        found = hashlib.sha256(prev.encode() + b"\n" + body).hexdigest()
        if event["prev"] != prev or event["hash"] != found:
            sys.exit(f"NO: in {path}, event {event['seq']} is not what it was, or an event before it is missing.")
        prev = found
    return events


def main() -> None:
    """Check one file, or a file against what the document holds."""
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    events = events_of(sys.argv[1])
    last = events[-1]["hash"] if events else ""
    print(f"All {len(events)} events hold together; the hash of the last is {last}")
    for path in sys.argv[2:]:
        issued = events_of(path)
        if issued != events[: len(issued)]:
            sys.exit(f"NO: the {len(issued)} events in the document are not the first ones of {sys.argv[1]}.")
        print(f"The {len(issued)} events in the document are the first ones of them.")


main()
