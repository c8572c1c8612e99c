"""Small agreements to print and sign in tests. One rule: nobody in them is a real person; only posts sign."""

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dsa.adapters.authority import Authority
from dsa.adapters.pdf import Marks, render
from dsa.adapters.pdf_layout import signature_fields
from dsa.adapters.signatures import PersonSigning, Signatures
from dsa.adapters.timestamps import EmbeddedTimeStamper
from dsa.adapters.verification import verify
from dsa.domain.checkpoints import Checkpoint, Key, note_text
from dsa.domain.integrity import GENESIS, canonical, digest, event_hash
from dsa.domain.merkle import Tree, inclusion_proof, leaf_hash
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


LEGAL = "Legal adviser, HM Revenue and Customs"
OTHERS = 3  # leaves of other agreements before ours
_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
LOG_KEY = Key("EXAMPLE-dsa-log-0", _KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def note(tree: Tree, size: int, *, private: Ed25519PrivateKey = _KEY, key: Key = LOG_KEY) -> str:
    """A signed checkpoint of the first ``size`` leaves."""
    said = Checkpoint(key.name, size, tree.root(size), "2026-11-24T12:00:00Z")
    return note_text(said, key, private.sign(said.body.encode()))


def chained(bodies: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """These bodies as a chain of events."""
    chain: list[dict[str, Any]] = []
    previous = GENESIS
    for number, body in enumerate(bodies, 1):
        found = event_hash(previous, canonical(body))
        chain.append({"seq": number, "prev": previous, "hash": found, "body": dict(body)})
        previous = found
    return chain


def leaves_of(events: Iterable[Mapping[str, Any]]) -> Tree:
    """A log in which the events follow three leaves of others."""
    others = (leaf_hash(b"another %d" % number) for number in range(OTHERS))
    return Tree([*others, *(leaf_hash(bytes.fromhex(event["hash"])) for event in events)])


def bodies(events: int = 5) -> list[dict[str, Any]]:
    """What happened: the second event is the approval."""
    told = [{"kind": "moved", "recorded_at": f"2026-11-{n:02d}T10:00:00+00:00"} for n in range(1, events + 1)]
    told[1] |= {"kind": "ReviewDecided", "actor": {"post": LEGAL}}
    return told


def audit(events: int = 5, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A chained record of events, with its place in a log."""
    chain, text = chained(bodies(events)), content or agreement()
    tree, names = leaves_of(chain), {each["key"]: each["name"] for each in text["parties"]}
    proof = inclusion_proof(tree.node, tree.size - 1, tree.size)
    return {
        "agreement": "DSA-2026-00017",
        "events": chain,
        "head_hash": chain[-1]["hash"],
        "signatories": [
            {"party": names[each["party"]], "post": each["post"], "authority": each["authority"]}
            for each in text["signatories"]
        ],
        "log": {
            "origin": LOG_KEY.name,
            "key": LOG_KEY.text,
            "checkpoint": note(tree, tree.size),
            "proofs": [{"seq": events, "index": tree.size - 1, "path": [each.hex() for each in proof]}],
        },
        "stages": [{"stage": "drafting", "working_days": 6, "target": 10, "owner": "HMRC"}],
        "approvals": [
            {
                "event": 2,
                "party": "hmrc",
                "review": "legal",
                "decided_by": LEGAL,
                "outcome": "approved",
                "at": "2026-06-12T09:12:00+00:00",
            }
        ],
    }


def full_log(pdf: bytes, authority: Authority) -> list[dict[str, Any]]:
    """The full log of the signed document: what followed the record, every leaf, and a checkpoint."""
    found = verify(pdf, roots=[authority.root_pem])
    issued = pdf[: pdf.index(b"%%EOF", pdf.index(b"/ByteRange")) + 5]
    issued += pdf[len(issued) : len(issued) + 1]
    told = bodies()
    told.append({"kind": "DocumentIssued", "facts": {"document_sha256": digest(issued)}})
    told += [
        {"kind": "TextSigned", "facts": {"certificate": each.serial, "post": each.post}}
        for each in found.signatures
        if each.kind == "person"
    ]
    told.append({"kind": "DocumentSealed", "facts": {"document_sha256": digest(pdf)}})
    return log_lines(chained(told))


def log_lines(chain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A log file's lines for these events."""
    tree = leaves_of(chain)
    lines: list[dict[str, Any]] = [{**event, "index": OTHERS + number} for number, event in enumerate(chain)]
    lines.append({"from": 0, "leaves": [tree.node(0, index).hex() for index in range(tree.size)]})
    lines.append({"key": LOG_KEY.text, "checkpoint": note(tree, tree.size)})
    return lines


def base(content: Mapping[str, Any] | None = None, *, rows: int = 3, marks: Marks | None = None) -> bytes:
    """The unsigned document."""
    text = content or agreement()
    return render(text, sections=sections(rows), audit=audit(content=text), marks=marks)


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
        vouched_by="the installation",
    )


def signed(authority: Authority, content: Mapping[str, Any], document: bytes) -> bytes:
    """Sealed at issue, signed by everybody, sealed at completion."""
    service = signatures(authority)
    pdf = service.seal_issue(document)
    for index in range(len(content["signatories"])):
        pdf = service.sign_as_person(pdf, person(content, index)).data
    return service.seal_completion(pdf).data
