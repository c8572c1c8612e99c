"""Seals and signatures on the stored document. One rule: each adds a revision and changes no byte before it.

Order: the issue seal certifies (nothing but signatures may follow) -> each person signs with a key made for that moment
and destroyed after -> the completion seal closes. Seals carry all validation data and a document time stamp (B-LTA).
"""

import asyncio
import contextlib
import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asn1crypto import cms
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers as pdf_signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dsa.adapters.certificates import true_time
from dsa.adapters.keys import KeyService, Signer
from dsa.adapters.pdf_layout import moment
from dsa.adapters.pdf_stamp import LinesStyle
from dsa.adapters.signature_reasons import AUTHENTICATION, OutsideReason, PersonReason
from dsa.adapters.stamp_trust import StampProof, StampTrust, signer_of
from dsa.adapters.timestamps import FailoverStamper, TimeStamper, TimeStampUnavailable

ISSUE_FIELD, COMPLETION_FIELD = "sig_issue", "sig_completion"
OUTSIDE_NAME = "Agreement service: signature made outside"
_RESERVED = 15_000  # hexadecimal digits kept for one signature with its time stamp
_RESERVED_FOR_OTHERS = 30_000  # an authority elsewhere may send a chain of RSA certificates


class CannotSign(Exception):
    """The document cannot take this signature; the sentence says why."""


class AlreadySigned(CannotSign):
    """The field is signed already."""


@dataclass(frozen=True, kw_only=True)
class PersonSigning:
    """One person about to sign: for which post and organisation, and what they have just proved and seen.

    ``authentication`` is "demo" or "password"; ``evidence_hash`` is the SHA-256 (hexadecimal) of the evidence kept with
    the event; ``statement`` is the sentence they agreed to; ``authority`` is what the post signs by; ``vouched_by`` is
    who vouched for the account.
    """

    field: str
    post: str
    organisation: str
    user_id: str
    authentication: str
    evidence_hash: str
    statement: str
    authority: str = ""
    vouched_by: str = ""


@dataclass(frozen=True, kw_only=True)
class OutsideSigning:
    """A signature that was made outside this service, as the seal in its place tells it."""

    field: str
    post: str
    organisation: str
    when: str
    copy_sha256: str
    confirmed_by: str


@dataclass(frozen=True, kw_only=True)
class SignedRevision:
    """The document after one more signature or seal, and what the record keeps of it."""

    data: bytes
    sha256: str
    field: str
    level: str
    signed_at: dt.datetime
    certificate_serial: str
    certificate_sha256: str
    time_stamp_authority: str
    stamp_expires: dt.datetime | None = None


class _CmsSigner(pdf_signers.Signer):
    """Lets pyHanko build the signature around a key it never sees."""

    def __init__(self, signer: Signer) -> None:
        store = SimpleCertificateStore()
        store.register_multiple([asn1_x509.Certificate.load(each) for each in signer.chain[:-1]])
        certificate = asn1_x509.Certificate.load(signer.certificate)
        super().__init__(signing_cert=certificate, cert_registry=store, embed_roots=False)
        self._signer = signer

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if digest_algorithm != "sha256":
            raise SigningError(f"Signatures use SHA-256, not {digest_algorithm}.")
        return b"\0" * 72 if dry_run else self._signer.sign(data)


class Signatures:
    """Seals and signs with whoever keeps the keys, and a list of time-stamp authorities, asked in order."""

    def __init__(self, keys: KeyService, time_stampers: Sequence[TimeStamper], trust: StampTrust | None = None) -> None:
        self._keys, self._stampers, self._trust = keys, tuple(time_stampers), trust
        self._reserved = _RESERVED if trust is None else _RESERVED_FOR_OTHERS

    def seal_issue(self, base: bytes) -> bytes:
        """The document with the certifying seal of the service: from here on only signatures may be added (B-LTA).

        Raises CannotSign where it is sealed already, TimeStampUnavailable where no time stamp could be had.
        """
        sealed = self._seal(base, ISSUE_FIELD, "Agreement service: seal at issue", "Sealed at issue", certify=True)
        return self._archive(sealed).data

    def sign_as_person(self, pdf: bytes, signer: PersonSigning) -> SignedRevision:
        """The document with one person's signature and its time stamp (B-T).

        A key and certificate are made for this moment and forgotten. Raises AlreadySigned, CannotSign (no such field,
        not issued) or TimeStampUnavailable; then nothing was signed.
        """
        _demand_place(pdf, signer.field)
        key = self._keys.person_key(
            post=signer.post,
            organisation=signer.organisation,
            user_id=signer.user_id,
            authentication=signer.authentication,
            evidence_hash=signer.evidence_hash,
        )
        lines = (
            "Signed electronically",
            signer.post,
            f"for {signer.organisation}",
            moment(true_time().isoformat()),
            AUTHENTICATION[signer.authentication],
            *([f"account vouched for by {signer.vouched_by}"] if signer.vouched_by else []),
            f"certificate {_serial(key)[:16]} · evidence {signer.evidence_hash[:16]}",
        )
        return self._sign(
            pdf, signer.field, key, lines, name=f"{signer.post}, {signer.organisation}", reason=_reason(signer)
        )

    def record_outside(self, pdf: bytes, made: OutsideSigning) -> SignedRevision:
        """The document with the service's seal in the place of a signature made outside it (B-T).

        It says that somebody signed elsewhere and who confirmed it; it is no signature of that person.
        """
        _demand_place(pdf, made.field)
        key = self._keys.seal_key(OUTSIDE_NAME)
        lines = (
            "SIGNED OUTSIDE THIS SERVICE",
            made.post,
            f"for {made.organisation}",
            made.when,
            f"confirmed by {made.confirmed_by}",
            f"copy {made.copy_sha256[:16]} · sealed {moment(true_time().isoformat())}",
        )
        reason = OutsideReason(made.post, made.organisation, made.when, made.copy_sha256, made.confirmed_by)
        return self._sign(pdf, made.field, key, lines, name=OUTSIDE_NAME, reason=reason.text)

    def seal_completion(self, pdf: bytes) -> SignedRevision:
        """The document closed with the last seal, all validation data and a document time stamp (B-LTA)."""
        name = "Agreement service: seal at completion"
        sealed = self._seal(pdf, COMPLETION_FIELD, name, "Sealed at completion", certify=False)
        return self._archive(sealed)

    def refresh(self, pdf: bytes) -> SignedRevision:
        """A sealed document with new validation data and one more document time stamp, as is due every year."""
        reader = PdfFileReader(io.BytesIO(pdf))
        last = list(reader.embedded_signatures)[-1]
        certificate: asn1_x509.Certificate = last.signer_cert
        before = SignedRevision(
            data=pdf,
            sha256=hashlib.sha256(pdf).hexdigest(),
            field=str(last.field_name),
            level="B-LTA",
            signed_at=true_time(),
            certificate_serial=f"{certificate.serial_number:x}",
            certificate_sha256=certificate.sha256.hex(),
            time_stamp_authority="",
        )
        return self._archive(before)

    def _seal(self, pdf: bytes, field: str, name: str, title: str, *, certify: bool) -> SignedRevision:
        key = self._keys.seal_key(name)
        when, serial = moment(true_time().isoformat()), f"certificate {_serial(key)[:16]}"
        lines = (title, "by the data-sharing agreement service", when, serial)
        return self._sign(pdf, field, key, lines, name=name, reason=title, certify=certify)

    def _sign(
        self,
        pdf: bytes,
        field: str,
        signer: Signer,
        lines: tuple[str, ...],
        *,
        name: str,
        reason: str,
        certify: bool = False,
    ) -> SignedRevision:
        _demand_empty(pdf, field)
        stamper = FailoverStamper(self._stampers)
        metadata = pdf_signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm="sha256",
            name=name,
            reason=reason,
            subfilter=SigSeedSubFilter.PADES,
            certify=certify,
            docmdp_permissions=MDPPerm.FILL_FORMS,
        )
        data = _signed_bytes(pdf, metadata, signer, stamper, lines, self._reserved)
        return SignedRevision(
            data=data,
            sha256=hashlib.sha256(data).hexdigest(),
            field=field,
            level="B-T",
            signed_at=true_time(),
            certificate_serial=_serial(signer),
            certificate_sha256=hashlib.sha256(signer.certificate).hexdigest(),
            time_stamp_authority=stamper.used or "",
            stamp_expires=stamper.expires,
        )

    def _archive(self, revision: SignedRevision) -> SignedRevision:
        """Add the validation data of every signature and stamp so far, and a document time stamp over all of it.

        The data of the authority that makes the last stamp has to be in the file before the stamp is: when another one
        answers than was expected, it is done again with that one's.
        """
        tokens, first = list(_tokens(revision.data)), revision.time_stamp_authority
        for _ in range(1 + len(self._stampers)):
            ordered = sorted(self._stampers, key=lambda each: each.name != first)
            stamper, proofs = FailoverStamper(ordered), self._proofs(tokens)
            data = self._stamped(revision.data, stamper, proofs)
            if self._is_provable(stamper, proofs):
                return replace(
                    revision,
                    data=data,
                    sha256=hashlib.sha256(data).hexdigest(),
                    level="B-LTA",
                    time_stamp_authority=stamper.used or "",
                    stamp_expires=stamper.expires,
                )
            tokens, first = [*tokens, stamper.token], stamper.used or ""
        raise TimeStampUnavailable("The time-stamp authorities answer one moment and not the next.")

    def _stamped(self, pdf: bytes, stamper: FailoverStamper, proofs: Sequence[StampProof]) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        certificates = dict.fromkeys([*self._keys.certificates(), *(c for proof in proofs for c in proof.certificates)])
        lists = dict.fromkeys([*self._keys.revocation_lists(), *(each for proof in proofs for each in proof.lists)])
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            sig_contents=None,
            certs=[asn1_x509.Certificate.load(each) for each in certificates],
            crls=[asn1_crl.CertificateList.load(each) for each in lists],
        )
        stamping = pdf_signers.PdfTimeStamper(stamper, field_name=_free_time_stamp(pdf))
        out = io.BytesIO()
        asyncio.run(stamping.async_timestamp_pdf(writer, "sha256", bytes_reserved=self._reserved, output=out))
        return out.getvalue()

    def _proofs(self, tokens: Sequence[cms.ContentInfo]) -> list[StampProof]:
        """The chain and lists of every stamp of an authority elsewhere; a stamp of ours needs none beside our own."""
        found: list[StampProof] = []
        for token in tokens if self._trust is not None else ():
            # an authority that has gone since: what proves its stamps stands in the file from then
            with contextlib.suppress(ValueError):
                if self._trust is not None:
                    found.append(self._trust.proof_again(token, now=true_time()))
        return found

    def _is_provable(self, stamper: FailoverStamper, proofs: Sequence[StampProof]) -> bool:
        """Whether what proves the stamp that was just made was in the file before it."""
        if self._trust is None or stamper.token is None or not self._trust.knows(stamper.token):
            return True
        return any(signer_of(stamper.token["content"]).dump() in proof.certificates for proof in proofs)


def _tokens(pdf: bytes) -> Iterator[cms.ContentInfo]:
    """Every time stamp of the document: those in signatures and those over the whole."""
    reader = PdfFileReader(io.BytesIO(pdf))
    for each in reader.embedded_signatures:
        if each.sig_object_type == "/DocTimeStamp":
            yield cms.ContentInfo({"content_type": "signed_data", "content": each.signed_data})
            continue
        for signed in extract_tst_data_iter(each.signer_info, signed=False):
            yield cms.ContentInfo({"content_type": "signed_data", "content": signed})


def _demand_place(pdf: bytes, field: str) -> None:
    """Raise CannotSign unless the document is between its seals and the field is a signatory's place."""
    signed = _fields(pdf)
    if ISSUE_FIELD not in signed or not signed[ISSUE_FIELD]:
        raise CannotSign("This document has no issue seal, so its text is not fixed and nobody can sign it yet.")
    if signed.get(COMPLETION_FIELD):
        raise CannotSign("This document is complete: the service has closed it with its last seal.")
    if not field.startswith("sig_") or field in (ISSUE_FIELD, COMPLETION_FIELD):
        raise CannotSign(f"The field {field} is not a place for a person's signature.")


def _signed_bytes(
    pdf: bytes,
    metadata: pdf_signers.PdfSignatureMetadata,
    signer: Signer,
    stamper: FailoverStamper,
    lines: tuple[str, ...],
    reserved: int,
) -> bytes:
    signing = pdf_signers.PdfSigner(
        metadata, _CmsSigner(signer), timestamper=stamper, stamp_style=LinesStyle(lines=lines)
    )
    out = io.BytesIO()
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        signing.sign_pdf(writer, existing_fields_only=True, bytes_reserved=reserved, output=out)
    except SigningError as error:
        raise CannotSign(f"The document could not be signed: {error}") from error
    data = out.getvalue()
    if not data.startswith(pdf):
        raise CannotSign("The signed document does not begin with the bytes that were to be signed.")
    return data


def _reason(signer: PersonSigning) -> str:
    how = AUTHENTICATION[signer.authentication]
    return PersonReason(signer.statement, signer.authority, how, signer.vouched_by).text


def _serial(key: Signer) -> str:
    return f"{asn1_x509.Certificate.load(key.certificate).serial_number:x}"


def _fields(pdf: bytes) -> dict[str, Any]:
    """Every signature field with whether it is filled."""
    reader = PdfFileReader(io.BytesIO(pdf))
    return {str(name): value is not None for name, value, _ in enumerate_sig_fields(reader)}


def _demand_empty(pdf: bytes, field: str) -> None:
    fields = _fields(pdf)
    if field not in fields:
        raise CannotSign(f"The document has no place for the signature {field}.")
    if fields[field]:
        raise AlreadySigned(f"The place {field} is signed already; a second signature there would undo the first.")


def _free_time_stamp(pdf: bytes) -> str:
    """The first unused place for a time stamp. Raises CannotSign when all are used."""
    free = [name for name, filled in _fields(pdf).items() if re.fullmatch(r"ts_\d+", name) and not filled]
    if not free:
        raise CannotSign("Every place for a time stamp is used; this document cannot be renewed again.")
    return min(free, key=lambda name: int(name[3:]))
