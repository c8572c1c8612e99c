"""What a journey leaves behind: the signed PDF, its content, its evidence and its timeline.

One rule: everything is made before the first file is written, so that nothing is left half-written.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from dsa.domain.data_contract import data_contract
from dsa.domain.events import moment
from dsa.domain.integrity import canonical
from dsa.domain.terms import terms
from dsa.resources import templates_dir
from dsa.services.journeying import Outcome

SEALS = 2  # at issue and at completion


@dataclass(frozen=True, slots=True)
class Written:
    """What was written and what the last line says."""

    pdf: Path
    reference: str
    signatures: int
    days: tuple[tuple[str, int], ...]

    def line(self) -> str:
        """Reference, days by stage, signatures, path of the PDF."""
        days = ", ".join(f"{stage} {count}" for stage, count in self.days)
        return f"{self.reference}; working days: {days}; signatures: {self.signatures}; {self.pdf}"


def timeline(outcome: Outcome, *, refusal: str, sources: tuple[str, ...]) -> dict[str, Any]:
    """The timeline as data (CONTRACTS section 3), with what was refused on the way."""
    return {
        "reference": outcome.text.content["reference"],
        "title": outcome.title,
        "example": True,
        "simulated": True,
        "tier": outcome.route,
        "workflow": outcome.workflow,
        "stages": [
            {
                "stage": one.stage, "title": one.title, "working_days": one.working_days, "target": one.target,
                "owner": one.owner, "entered_at": one.entered_at, "left_at": one.left_at,
            }
            for one in outcome.stages
        ],
        "elapsed_working_days": outcome.elapsed_days,
        "signatures": len(outcome.signed_at) + SEALS,
        "signatories": len(outcome.signed_at),
        "last_signature": moment(max(outcome.signed_at)),
        "refused_as_published": refusal,
        "sources": list(sources),
    }  # fmt: skip


def write(
    outcome: Outcome, *, name: str, into: Path, root: bytes, refusal: str = "", sources: tuple[str, ...] = ()
) -> Written:
    """Write everything into ``into``. Raises OSError where that cannot be done."""
    told = timeline(outcome, refusal=refusal, sources=sources)
    files = {
        f"{name}.pdf": outcome.document,
        f"{name}.agreement.json": outcome.text.data,
        f"{name}.audit.json": canonical(outcome.audit),
        f"{name}.timeline.json": (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode(),
        f"{name}.timeline.html": page(told, outcome).encode(),
        f"{name}.log.jsonl": outcome.log,
        f"{name}.terms.jsonld": canonical(terms(outcome.text.content)),
        f"{name}.contract.odcs.json": canonical(data_contract(outcome.text.content)),
        "root.pem": root,
    }
    into.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        passing = into / f".{file}.part"
        passing.write_bytes(data)
    for file in files:
        os.replace(into / f".{file}.part", into / file)
    days = tuple((one["stage"], one["working_days"]) for one in told["stages"])
    return Written(into / f"{name}.pdf", told["reference"], told["signatures"], days)


def page(told: dict[str, Any], outcome: Outcome) -> str:
    """The timeline for people, as one page that needs nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir() / "journey"), autoescape=True, undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    events = [
        {"at": one["body"]["recorded_at"], "happened": one["body"]["happened_at"], "kind": one["body"]["kind"],
         "post": one["body"]["actor"]["post"],
         "organisation": one["body"]["actor"]["organisation"], "hash": one["hash"][:12]}
        for one in outcome.audit["events"]
    ]  # fmt: skip
    return environment.get_template("timeline.html").render(told=told, events=events)
