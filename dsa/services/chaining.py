"""An event as it enters the chain. One rule: what cannot be kept exactly, on both databases, is refused in words."""

import re
from collections.abc import Mapping
from typing import Any

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput
from dsa.domain.integrity import NotCanonical, canonical, commitment, event_hash

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # an escaped NUL, not a backslash that was typed
_ODD_TEXT = "Take out the characters that cannot be shown, then send it again."


def _kept(value: Mapping[str, Any]) -> str:
    """The canonical text of what both databases can keep; raises BadInput for what they cannot."""
    try:
        data = canonical(value).decode()
    except NotCanonical as problem:
        raise BadInput(str(problem)) from problem
    if "\\u0000" in data and _NUL.search(data):
        raise BadInput(_ODD_TEXT)
    return data


def committed(salt: str, text: str) -> str:
    """The commitment to a private text that can be kept."""
    _kept({"text": text})
    return commitment(salt, text)


def chained(agreement_id: int, prev: str, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The hash of an event after ``prev``, and the columns of its row that follow from the body.

    Raises BadInput for a body that cannot be kept as it is.
    """
    data = _kept(body)
    digest = event_hash(prev, data.encode())
    row = {"agreement_id": agreement_id, "seq": body["seq"], "kind": body["kind"]}
    return digest, row | {"body": data, "prev": prev, "hash": digest}


def actor_body(actor: Actor, held: Held) -> dict[str, Any]:
    """Who acted, as an event states it: the post and the number of the account, never a private name."""
    return {
        "person": actor.person_id,
        "post": held.title,
        "organisation": held.organisation,
        "role": held.role,
        "method": actor.method,
        "covers": held.covers,
    }
