"""Small agreements to print and sign in tests. One rule: nobody in them is a real person; only posts sign."""

from collections.abc import Mapping
from typing import Any

from dsa.adapters.authority import Authority
from dsa.adapters.pdf import Marks, render
from dsa.adapters.pdf_layout import signature_fields
from dsa.adapters.signatures import PersonSigning, Signatures
from dsa.adapters.timestamps import EmbeddedTimeStamper
from dsa.domain.integrity import GENESIS, canonical, digest, event_hash
from dsa.domain.presentation import PresentedAnswer, PresentedSection

__all__ = ["agreement", "audit", "base", "digest", "party", "person", "sections", "signatures", "signed"]

WELSH = "Llŷr a'r Ŵyl, tŷ, ẃ, Ẁ, ŷ"


def party(key: str, name: str, *, group: str | None = None) -> dict[str, Any]:
    """One organisation that signs."""
    return {
        "key": key,
        "name": name,
        "code": key.upper(),
        "nation": "ENG",
        "body_type": "department",
        "role": "discloser",
        "controller_status": "controller",
        "signs": True,
        "group": group,
    }


def agreement(parties: int = 2, *, example: bool = True) -> dict[str, Any]:
    """The frozen content of an agreement with so many signing parties."""
    who = [party("hmrc", "HM Revenue and Customs"), party("slc", "Student Loans Company")]
    who += [party(f"council-{n:02d}", f"Council {n:02d}", group="councils") for n in range(1, parties - 1)]
    signatories = [
        {"party": p["key"], "post": "Director of Data", "role": "signatory", "authority": "Scheme 4.2", "order": n}
        for n, p in enumerate(who, 1)
    ]
    return {
        "schema": "dsa.agreement/1",
        "reference": "DSA-2026-00017",
        "title": "Income checks for student support",
        "version": 3,
        "route": "standard",
        "route_reasons": ["about identifiable people"],
        "form": {"id": "agreement", "version": 1, "hash": "0" * 64},
        "workflow": {"id": "standard", "version": 1, "hash": "0" * 64},
        "classification": "OFFICIAL-SENSITIVE",
        "example": example,
        "synthetic": False,
        "parties": who,
        "signatories": signatories,
        "answers": {"purpose": {"why": "Support paid at the right rate"}},
        "assumed": [],
        "parent_agreement": None,
    }


def sections(rows: int = 3) -> tuple[PresentedSection, ...]:
    """Answers of every kind, with a table of so many rows."""
    columns = ("Item", "Description", "Source")
    items = tuple((f"Item {n}", "Taxable income in the year named", "PAYE") for n in range(1, rows + 1))
    answers = (
        PresentedAnswer("why", "Why is it shared?", "long", "Support paid at the right rate.\n\nToday it takes weeks."),
        PresentedAnswer("welsh", "In Welsh", "text", WELSH),
        PresentedAnswer("who", "About whom?", "list", items=("Applicants", "<b>Their</b> parents & partners")),
        PresentedAnswer("power", "By which power?", "party", rows=(("HM Revenue and Customs", "CRCA 2005 s. 18"),)),
        PresentedAnswer("items", "Which items?", "table", columns=columns, rows=items, assumed=True),
    )
    return (PresentedSection("purpose", "Purpose and data", answers),)


def audit(events: int = 5) -> dict[str, Any]:
    """A chained record of events."""
    chain, previous = [], GENESIS
    for number in range(1, events + 1):
        body = {"kind": "moved", "recorded_at": f"2026-11-{number:02d}T10:00:00+00:00"}
        found = event_hash(previous, canonical(body))
        chain.append({"seq": number, "prev": previous, "hash": found, "body": body})
        previous = found
    return {
        "agreement": "DSA-2026-00017",
        "events": chain,
        "head_hash": previous,
        "stages": [{"stage": "drafting", "working_days": 6, "target": 10, "owner": "HMRC"}],
        "approvals": [
            {
                "party": "hmrc",
                "review": "legal",
                "decided_by": "Legal adviser, HM Revenue and Customs",
                "outcome": "approved",
                "at": "2026-06-12T09:12:00+00:00",
            }
        ],
    }


def base(content: Mapping[str, Any] | None = None, *, rows: int = 3, marks: Marks | None = None) -> bytes:
    """The unsigned document."""
    return render(content or agreement(), sections=sections(rows), audit=audit(), marks=marks)


def signatures(authority: Authority) -> Signatures:
    """Sealing and signing with the authority's own time stamps."""
    return Signatures(authority, [EmbeddedTimeStamper(authority)])


def person(content: Mapping[str, Any], index: int) -> PersonSigning:
    """The signatory at ``index``, about to sign."""
    field, signatory = signature_fields(content)[index]
    names = {each["key"]: each["name"] for each in content["parties"]}
    return PersonSigning(
        field=field,
        post=signatory["post"],
        organisation=names[signatory["party"]],
        user_id=f"user-{index}",
        authentication="demo",
        evidence_hash="ab" * 32,
        statement="I sign this agreement for my organisation.",
        authority=signatory["authority"],
    )


def signed(authority: Authority, content: Mapping[str, Any], document: bytes) -> bytes:
    """Sealed at issue, signed by everybody, sealed at completion."""
    service = signatures(authority)
    pdf = service.seal_issue(document)
    for index in range(len(content["signatories"])):
        pdf = service.sign_as_person(pdf, person(content, index)).data
    return service.seal_completion(pdf).data
