"""Check that the events of an agreement stand in the service's log, as a signed checkpoint promises.

    python3 check_log.py REFERENCE.audit.json checkpoint.txt [REFERENCE.log.jsonl [a checkpoint that was kept ...]]

With the full log, the root is computed from every leaf of it, and so is that of each checkpoint that somebody kept.
Needs Python 3 and nothing else; the signature of the checkpoint is checked apart. Hashing as in RFC 6962. Ends with
exit code 1 and what does not hold.
"""

import base64
import hashlib
import json
import sys


def leaf(event_hash: str) -> bytes:
    """What stands in the log for an event."""
    return hashlib.sha256(b"\0" + bytes.fromhex(event_hash)).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: list) -> bytes:
    """The root over leaves: an odd one out at the end of a row goes up as it is."""
    row = leaves
    while len(row) > 1:
        paired = [node(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        row = paired + (row[-1:] if len(row) % 2 else [])
    return row[0] if row else hashlib.sha256(b"").digest()


def root_by(proof: dict, found: bytes, size: int) -> bytes:
    """The root that a proof leads to from a leaf; nothing where the proof has the wrong length."""
    here, last = proof["index"], size - 1
    for other in map(bytes.fromhex, proof["path"]):
        if here % 2 or here == last:
            found = node(other, found)
            while here and not here % 2:
                here, last = here // 2, last // 2
        else:
            found = node(found, other)
        here, last = here // 2, last // 2
    return found if last == 0 else b""


def promised(path: str) -> tuple:
    """How many leaves a checkpoint promises, and their root."""
    with open(path, encoding="utf-8") as opened:
        lines = opened.read().split("\n")
    return int(lines[1]), base64.b64decode(lines[2])


def events_in_log(audit_path: str, checkpoint_path: str) -> None:
    """Each event with a proof stands under the root of the checkpoint."""
    with open(audit_path, encoding="utf-8") as opened:
        audit = json.load(opened)
    size, root = promised(checkpoint_path)
    hashes = {event["seq"]: event["hash"] for event in audit["events"]}
    proofs = audit["log"]["proofs"]
    for proof in proofs:
        if root_by(proof, leaf(hashes[proof["seq"]]), size) != root:
            sys.exit(f"NO: event {proof['seq']} does not stand in the log that {checkpoint_path} promises.")
    print(f"{len(proofs)} of {len(hashes)} events stand in the log of {size} leaves that {checkpoint_path} promises.")
    if len(proofs) < len(hashes):
        print("The others happened after it; ask for a newer pack to check them.")


def whole_log(log_path: str, checkpoints: list) -> None:
    """The leaves of the full log give the roots of the checkpoints, and each event is the leaf at its place."""
    leaves, events = [], []
    with open(log_path, encoding="utf-8") as opened:
        for line in map(json.loads, opened):
            leaves += map(bytes.fromhex, line.get("leaves", []))
            if "body" in line:
                events.append(line)
    for event in events:
        if "index" in event and leaves[event["index"]] != leaf(event["hash"]):
            sys.exit(f"NO: event {event['seq']} is not the leaf at its place in {log_path}.")
    for path in checkpoints:
        size, root = promised(path)
        if size > len(leaves) or root_of(leaves[:size]) != root:
            sys.exit(f"NO: the first {size} leaves of {log_path} do not give the root of {path}.")
        print(f"The first {size} of {len(leaves)} leaves give the root of {path}.")


def main() -> None:
    """Check proofs, then leaves where they are given."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    events_in_log(sys.argv[1], sys.argv[2])
    if len(sys.argv) > 3:
        whole_log(sys.argv[3], [sys.argv[2], *sys.argv[4:]])


main()
