"""One judgement of one agreement: route, what is missing or mistaken, what the checks found, which reviews it needs.

One rule: the command line, the page before sending and the guard on sending all show this one judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dsa.domain.answers import Missing, Mistake, missing, mistakes_in
from dsa.domain.form import Form
from dsa.domain.gates import GateNeed, gates
from dsa.domain.parties import Answers, parties_of
from dsa.domain.rules import Body, RuleReport, run_rules
from dsa.domain.tier import Proposal, Tier, propose, tier

WORKFLOWS = {"fast": "fast-track", "standard": "standard", "high": "high-risk", "emergency": "emergency"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What can be said about the answers as they stand."""

    tier: Tier
    proposal: Proposal
    document_type: str
    missing: tuple[Missing, ...]
    mistakes: tuple[Mistake, ...]
    report: RuleReport
    gates: tuple[GateNeed, ...]

    @property
    def may_go_forward(self) -> bool:
        """Whether nothing is missing, nothing is mistaken and nothing blocks."""
        return not (self.missing or self.mistakes or self.report.blocks)

    def as_json(self) -> dict[str, Any]:
        """The shape of CONTRACTS section 4, with the assessed level, what was proposed and the mistakes added."""
        return {
            "tier": self.tier.route,
            "tier_reasons": list(self.tier.reasons),
            "level": self.tier.level,
            "document_type": self.document_type,
            "proposed": {"document_type": self.proposal.doc_type, "binding_status": self.proposal.binding_status},
            "workflow": WORKFLOWS[self.tier.route],
            "missing": [asdict(one) for one in self.missing],
            "mistakes": [asdict(one) for one in self.mistakes],
            "findings": [{**asdict(one), "fields": list(one.fields), "cites": list(one.cites)}
                         for one in self.report.findings],
            "not_run": [asdict(one) for one in self.report.not_run],
            "gates": [asdict(one) for one in self.gates],
        }  # fmt: skip


def judge(
    form: Form,
    answers: Answers,
    *,
    facts: Mapping[str, Any] | None = None,
    bodies: Sequence[Body] = (),
    raised_to: str | None = None,
    mistakes: Iterable[Mistake] = (),
) -> Judgement:
    """Judge flat answers. `mistakes` are those that the reading already found; stored answers are looked at again."""
    parties = parties_of(answers)
    found = tier(answers, parties, raised_to=raised_to)
    proposal = propose(answers, parties)
    chosen = answers.get("doc_type")
    seen = dict.fromkeys((*mistakes, *mistakes_in(form, answers, parties)))
    return Judgement(
        tier=found,
        proposal=proposal,
        document_type=chosen if isinstance(chosen, str) else proposal.doc_type,
        missing=tuple(missing(form, answers, parties)),
        mistakes=tuple(seen),
        report=run_rules(answers, parties, facts=facts, bodies=bodies),
        gates=tuple(gates(answers, parties, found)),
    )
