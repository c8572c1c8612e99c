"""What verification found, as a value. One rule: the verdict is about the file; ``ok`` asks every check too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dsa.adapters.verification_trust import Signed

Outcome = Literal["genuine", "changed", "not_ours", "unknown_authority"]
State = Outcome | Literal["incomplete"]  # what is there is unchanged, and it is not the whole signed document


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: its name, whether it holds, and a plain sentence."""

    check: str
    ok: bool
    says: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All that was found. ``verdict`` is about the file; ``ok`` also asks that every single check holds."""

    state: State
    headline: str
    example: bool
    complete: bool
    level: str | None
    reference: str
    title: str
    version: int | None
    content_hash: str
    signatures: Sequence[Signed]
    checks: Sequence[Check]
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Outcome:
        """One of four: a copy that is not complete is not the document that was signed, so it counts as changed."""
        return "changed" if self.state == "incomplete" else self.state

    @property
    def ok(self) -> bool:
        """Genuine, and nothing at all to remark."""
        return self.verdict == "genuine" and all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The shape of CONTRACTS 5 (keys may be added, none renamed)."""
        return {
            "verdict": self.verdict,
            "example": self.example,
            "level": self.level,
            "complete": self.complete,
            "incomplete": self.state == "incomplete",
            "headline": self.headline,
            "reference": self.reference,
            "title": self.title,
            "version": self.version,
            "content_hash": self.content_hash,
            "answers": dict(self.answers),
            "signatures": [each.as_json() for each in self.signatures],
            "checks": [{"check": each.check, "ok": each.ok, "says": each.says} for each in self.checks],
        }
