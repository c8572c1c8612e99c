"""What an authority consists of: a small file beside the keys. One rule: it is replaced in one step, never edited.

It names the generation of each issuer that is in use, so that a rotation happens at the moment the file is replaced.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dsa.adapters.key_store import AuthorityUnusable, replace_private

Issuer = Literal["people", "seal", "timestamp"]
ISSUERS: tuple[Issuer, ...] = ("people", "seal", "timestamp")
UNIT = "timestamp-unit"
NAME = "authority.json"
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Retired:
    """An issuer that no longer issues. Its certificate and last revocation list are kept, its key is destroyed."""

    name: str
    issuer: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Record:
    """``current`` maps each issuer (and the time-stamp unit) to the name under which its key is kept."""

    mode: str
    created: dt.datetime
    kept: str
    current: Mapping[str, str]
    retired: tuple[Retired, ...] = ()

    @property
    def demo(self) -> bool:
        """Whether it signs examples."""
        return self.mode == "demo"

    def with_generation(self, names: Mapping[str, str], *, at: dt.datetime) -> "Record":
        """The record after the keys named in ``names`` took the place of the present ones."""
        gone = tuple(Retired(self.current[issuer], issuer, at) for issuer in names)
        return replace(self, current={**self.current, **names}, retired=self.retired + gone)

    def next_name(self, issuer: str) -> str:
        """The name of the next generation: people, people-2, people-3."""
        return f"{issuer}-{2 + sum(each.issuer == issuer for each in self.retired)}"

    def write(self, keys: Path) -> None:
        """Put it in place durably."""
        body = {
            "format": _FORMAT, "mode": self.mode, "created": self.created.isoformat(), "kept": self.kept,
            "current": dict(self.current),
            "retired": [{"name": one.name, "issuer": one.issuer, "at": one.at.isoformat()} for one in self.retired],
        }  # fmt: skip
        replace_private(keys / NAME, json.dumps(body, indent=1).encode())


def new_record(*, demo: bool, kept: str, at: dt.datetime) -> Record:
    """The record of an authority that has just been made."""
    names = {name: name for name in (*ISSUERS, UNIT)}
    return Record("demo" if demo else "production", at, kept, names)


def read_record(keys: Path) -> Record:
    """The record beside the keys; that of the first release, too. Raises AuthorityUnusable where it is damaged."""
    try:
        body = json.loads((keys / NAME).read_text("utf-8"))
        retired = tuple(
            Retired(one["name"], one["issuer"], dt.datetime.fromisoformat(one["at"])) for one in body.get("retired", ())
        )
        current = body.get("current") or {name: name for name in (*ISSUERS, UNIT)}
        created = dt.datetime.fromisoformat(body["created"])
        return Record(str(body["mode"]), created, str(body.get("kept", "files")), current, retired)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuthorityUnusable(f"The file {keys / NAME} cannot be read. Put it back from its backup.") from error
