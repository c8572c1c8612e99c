"""Who signed, and can we know it. One rule: only a root that the caller names is trusted, never one in the file.

Judged by the long-term rules of ETSI EN 319 102-1 (through pyHanko), offline, with the validation data in the file.
"""

import asyncio
import datetime as dt
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, x509
from cryptography import x509 as x509_lists
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import AdESLTAValidationResult, ades_lta_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import LocalKnowledge, PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    FreshnessReqType,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from dsa.adapters import certificates
from dsa.adapters.signature_reasons import AUTHENTICATION, PersonReason, read_person_reason
from dsa.adapters.stamp_trust import signer_of

_TOLERANCE = dt.timedelta(seconds=30)  # between the clocks of signer, time stamp and revocation list

# What does not validate is our finding, told in our words; the libraries would print each as a traceback.
for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)

_POLICY_WORDS = {
    **{policy.dotted_string: AUTHENTICATION[how] for how, policy in certificates.POLICIES.items()},
    certificates.POLICY_SEAL.dotted_string: "seal of the service",
}


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One signature, seal or document time stamp as it was found."""

    field: str
    kind: str  # person | seal | timestamp
    intact: bool
    trusted: bool
    level: str | None
    at: dt.datetime | None
    post: str
    organisation: str
    user_id: str
    authentication: str
    example: bool
    serial: str
    reason: str
    stamped_by: str  # who stamped the time, as its certificate names it
    because: str  # why it is not trusted; empty where it is
    stamped_locally: bool  # the clock of the service itself: no authority that is independent of it
    level_when_signed: str | None  # ``level`` is what the document as a whole proves of it today
    statement: str = ""
    authority: str = ""
    account_vouched_for_by: str = ""
    signed_when: str = ""  # of a signature made outside: its day, and how; ``at`` is when that was recorded
    confirmed_by: str = ""

    def as_json(self) -> dict[str, Any]:
        """The signature as ``dsa verify --json`` shows it."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name != "at"},
            "at": self.at.isoformat() if self.at else None,
        }


def intact(signature: EmbeddedPdfSignature) -> bool:
    """Whether the signature is over exactly these bytes, and made with the key of its certificate."""
    if signature.sig_object_type == "/DocTimeStamp":
        return _token_intact(signature.signed_data, signature.compute_digest())
    signer, certificate = signature.signer_info, signature.signer_cert
    right, valid = validate_sig_integrity(signer, certificate, "data", signature.compute_digest())
    return bool(right and valid)


def is_tight(signature: EmbeddedPdfSignature, gap: bytes) -> bool:
    """Whether ``gap``, the bytes that the signature does not cover, holds the signature and not one bit more.

    Nothing later covers the last time stamp, so of that even the unsigned parts must be what they have to be.
    """
    container: cms.ContentInfo = cms.ContentInfo.load(bytes(signature.pkcs7_content))
    held = container.dump().hex().upper().encode()
    if gap != b"<" + held + b"0" * (len(gap) - 2 - len(held)) + b">":
        return False
    if signature.sig_object_type != "/DocTimeStamp":
        return True
    token: cms.SignedData = container["content"]
    signer, leaf = token["signer_infos"][0], signature.signer_cert
    named = signer["sid"].chosen
    right = token["version"].native == "v3" and signer["version"].native == "v1" and len(token["signer_infos"]) == 1
    right = right and named["issuer"].dump() == leaf.issuer.dump()
    right = right and [each["algorithm"].native for each in token["digest_algorithms"]] == [
        signer["digest_algorithm"]["algorithm"].native
    ]
    stored = {each.dump() for each in DocumentSecurityStore.read_dss(signature.reader).load_certs()}
    return bool(right and all(each.chosen.dump() in stored for each in token["certificates"]))


def _token_intact(token: cms.SignedData, imprint: bytes) -> bool:
    content = token["encap_content_info"]["content"]
    info = content.parsed
    if info["message_imprint"]["hashed_message"].native != imprint:
        return False
    signer = token["signer_infos"][0]
    serial = signer["sid"].chosen["serial_number"].native
    certificate = next(each.chosen for each in token["certificates"] if each.chosen.serial_number == serial)
    digest = _hash(signer["digest_algorithm"]["algorithm"].native, bytes(content))
    right, valid = validate_sig_integrity(signer, certificate, "tst_info", digest)
    return bool(right and valid)


def _hash(algorithm: str, data: bytes) -> bytes:
    return hashlib.new(algorithm, data).digest()


def judge(
    signature: EmbeddedPdfSignature,
    roots: list[x509.Certificate],
    *,
    sound: bool,
    now: dt.datetime,
    stamp_roots: Sequence[x509.Certificate] = (),
) -> Signed:
    """Everything that can be said about one signature at ``now`` (UTC), trusting ``roots`` only.

    ``stamp_roots`` are trusted to say the time beside them, and for nothing else.
    """
    stamp = signature.sig_object_type == "/DocTimeStamp"
    token = signature.signed_data if stamp else _stamp_of(signature)
    at = _token_time(token) if token is not None else None
    if not sound:
        trusted, level, because = False, None, "its bytes were changed after it was made"
    elif not roots:
        trusted, level, because = False, None, "no root certificate was given to check it with"
    else:
        trusted, level, because = _trusted(signature, roots, [*roots, *stamp_roots], at, now)
    return Signed(
        field=str(signature.field_name),
        **_told(signature, stamp=stamp),
        intact=sound,
        trusted=trusted,
        level=level,
        at=at,
        stamped_by=_stamper_name(token),
        because=because,
        stamped_locally=sound and token is not None and _is_local(token, roots),
        level_when_signed=None if level is None else "B-B" if token is None else "B-T",
    )


def _told(signature: EmbeddedPdfSignature, *, stamp: bool) -> dict[str, Any]:
    """What the certificate and the reason say of whoever made it."""
    certificate: x509.Certificate = signature.signer_cert
    policy, names = _policy(certificate), certificate.subject.native
    seal = policy == certificates.POLICY_SEAL.dotted_string
    reason = str(signature.sig_object.get("/Reason", ""))
    said = PersonReason("") if stamp or seal else read_person_reason(reason)
    return {
        "kind": "timestamp" if stamp else "seal" if seal else "person",
        "post": _text(names.get("common_name")),
        "organisation": _text(names.get("organization_name")),
        "user_id": _text(names.get("user_id")),
        "authentication": "" if stamp else _POLICY_WORDS.get(policy, "not known"),
        "example": certificates.EXAMPLE_MARK in _text(names.get("organizational_unit_name")),
        "serial": f"{certificate.serial_number:x}",
        "reason": reason,
        "statement": said.statement,
        "authority": said.authority,
        "account_vouched_for_by": said.vouched_by,
    }


def _trusted(
    signature: EmbeddedPdfSignature,
    roots: list[x509.Certificate],
    clocks: list[x509.Certificate],
    at: dt.datetime | None,
    now: dt.datetime,
) -> tuple[bool, str | None, str]:
    """Whether a sound signature or stamp is to be trusted, at which level, and why not."""
    if signature.sig_object_type != "/DocTimeStamp":
        return _long_term(signature, roots, clocks, at, now)
    if _chain_holds(signature.signer_cert, _known(signature), clocks, at, {"time_stamping"}):
        return True, None, ""
    return False, None, "its certificate does not come from the authority that is trusted here"


def _known(signature: EmbeddedPdfSignature) -> list[x509.Certificate]:
    """The certificates in the signature and in the file's validation data: they lead somewhere, and prove nothing."""
    try:
        stored = list(DocumentSecurityStore.read_dss(signature.reader).load_certs())
    except (SignatureValidationError, ValueError, TypeError, KeyError):
        stored = []
    return [*signature.other_embedded_certs, *stored]


def _stamper_name(token: cms.SignedData | None) -> str:
    if token is None:
        return ""
    try:
        names = signer_of(token).subject.native
    except (ValueError, TypeError):
        return ""
    return _text(names.get("common_name") or names.get("organization_name"))


def _is_local(token: cms.SignedData, roots: list[x509.Certificate]) -> bool:
    """Whether the stamp comes from under the service's own root: then it is the service that says what time it was."""
    carried = [each.chosen for each in token["certificates"]]
    try:
        leaf = signer_of(token)
    except (ValueError, TypeError):
        return False
    return bool(roots) and _chain_holds(leaf, carried, roots, _token_time(token), {"time_stamping"})


def _stamp_of(signature: EmbeddedPdfSignature) -> cms.SignedData | None:
    return next(iter(extract_tst_data_iter(signature.signer_info, signed=False)), None)


def _long_term(
    signature: EmbeddedPdfSignature,
    roots: list[x509.Certificate],
    clocks: list[x509.Certificate],
    at: dt.datetime | None,
    now: dt.datetime,
) -> tuple[bool, str | None, str]:
    rules = SignatureValidationSpec(
        cert_validation_policy=_policy_of(roots),
        ts_cert_validation_policy=_policy_of(clocks),
        local_knowledge=LocalKnowledge(),
    )
    if at is not None and _revoked(signature, roots, at):
        return False, None, "its certificate, or the one that vouched for it, had been revoked"
    signature.compute_integrity_info(skip_diff=True)
    timing = ValidationTimingInfo(validation_time=now, best_signature_time=now, point_in_time_validation=True)
    try:
        result: AdESLTAValidationResult | None = asyncio.run(
            ades_lta_validation(signature, PdfSignatureValidationSpec(rules, diff_policy=None), timing)
        )
    except (SignatureValidationError, PathError, ValidationError, ValueError, TypeError, KeyError):
        result = None  # another signature of the file is broken: judge this one by its own chain
    if result is not None and result.ades_subindic is AdESPassed.OK:
        stamp = result.signature_timestamp_status
        has_stamp = stamp is not None and stamp.ades_subindic is AdESPassed.OK
        if result.oldest_evidence_record_timestamp is not None and has_stamp:
            return True, "B-LTA", ""
        return True, "B-LT" if has_stamp else "B-B", ""
    if result is not None and "REVOKED" in str(getattr(result.ades_subindic, "name", "")):
        return False, None, "its certificate was revoked"
    # No revocation data yet (before completion), or too old: the chain at the stamped moment still says whose it is.
    extra = list(signature.other_embedded_certs)
    if at is None or not _chain_holds(signature.signer_cert, extra, roots, at, None):
        return False, None, "its certificate does not come from the authority that is trusted here"
    if not _stamp_trusted(signature, clocks):
        return False, None, "its time stamp does not come from an authority that is trusted here"
    return True, "B-LTA" if _proved_since(signature, roots, clocks, at, now) else "B-T", ""


def _policy_of(roots: list[x509.Certificate]) -> CertValidationPolicySpec:
    return CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(roots),
        revinfo_policy=CertRevTrustPolicy(
            REQUIRE_REVINFO, freshness=None, freshness_req_type=FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION
        ),
        time_tolerance=_TOLERANCE,
    )


def _revoked(signature: EmbeddedPdfSignature, roots: list[x509.Certificate], at: dt.datetime) -> bool:
    """Whether any list in the file says that a certificate of the chain had been revoked by ``at``: one is enough."""
    try:
        store = DocumentSecurityStore.read_dss(signature.reader)
        lists = [x509_lists.load_der_x509_crl(each.get_object().data) for each in store.crls]
    except (SignatureValidationError, ValueError, TypeError, KeyError):
        return False
    leaf = x509_lists.load_der_x509_certificate(signature.signer_cert.dump())
    issuers = [x509_lists.load_der_x509_certificate(each.dump()) for each in (*signature.other_embedded_certs, *roots)]
    for one in lists:
        entries = [
            one.get_revoked_certificate_by_serial_number(each.serial_number)
            for each in (leaf, *issuers)
            if each.issuer == one.issuer
        ]
        if not any(entry is not None and entry.revocation_date_utc <= at for entry in entries):
            continue
        keys = [each.public_key() for each in issuers if each.subject == one.issuer]
        if any(isinstance(key, ec.EllipticCurvePublicKey) and one.is_signature_valid(key) for key in keys):
            return True
    return False


def _proved_since(
    signature: EmbeddedPdfSignature,
    roots: list[x509.Certificate],
    clocks: list[x509.Certificate],
    at: dt.datetime,
    now: dt.datetime,
) -> bool:
    """Whether the file itself proves that the chain held at the stamped moment, though certificates have expired since.

    That takes revocation lists in the file which cover the moment, and a later document time stamp over them whose own
    certificate is valid today.
    """
    try:
        store = DocumentSecurityStore.read_dss(signature.reader)
        stamps = list(signature.reader.embedded_timestamp_signatures)
    except (SignatureValidationError, ValueError, TypeError, KeyError):
        return False
    last = stamps[-1] if stamps else None
    if last is None or last.signed_revision <= signature.signed_revision or not intact(last):
        return False
    lists = [each.get_object().data for each in store.crls]
    known = list(store.load_certs())
    return _chain_holds(signature.signer_cert, known, roots, at, None, lists) and _chain_holds(
        last.signer_cert, known, clocks, now, {"time_stamping"}, lists
    )


def _stamp_trusted(signature: EmbeddedPdfSignature, roots: list[x509.Certificate]) -> bool:
    for token in extract_tst_data_iter(signature.signer_info, signed=False):
        hashed = token["encap_content_info"]["content"].parsed["message_imprint"]["hash_algorithm"]["algorithm"].native
        if not _token_intact(token, _hash(hashed, signature.signer_info["signature"].native)):
            continue
        serial = token["signer_infos"][0]["sid"].chosen["serial_number"].native
        carried = [each.chosen for each in token["certificates"]]
        leaf = next((each for each in carried if each.serial_number == serial), None)
        if leaf is not None and _chain_holds(
            leaf, [*carried, *_known(signature)], roots, _token_time(token), {"time_stamping"}
        ):
            return True
    return False


def _chain_holds(
    certificate: x509.Certificate,
    others: list[x509.Certificate],
    roots: list[x509.Certificate],
    at: dt.datetime | None,
    purposes: set[str] | None,
    lists: list[bytes] | None = None,
) -> bool:
    """Whether the chain leads to a trusted root at ``at``; with ``lists``, only if they revoke nothing in it."""
    if at is None:
        return False
    context = ValidationContext(
        trust_roots=[CertTrustAnchor(each) for each in roots],
        other_certs=others,
        moment=at,
        allow_fetching=False,
        crls=lists or [],
        revocation_mode="soft-fail" if lists is None else "require",
        # A list made at completion speaks about the moments before it.
        retroactive_revinfo=True,
        time_tolerance=_TOLERANCE,
    )
    validator = CertificateValidator(certificate, intermediate_certs=others, validation_context=context)
    usage = set() if purposes else {"non_repudiation"}
    try:
        asyncio.run(validator.async_validate_usage(usage, extended_key_usage=purposes))
    except (PathError, ValidationError):
        return False
    return True


def _token_time(token: cms.SignedData) -> dt.datetime:
    moment: dt.datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return moment


def _policy(certificate: x509.Certificate) -> str:
    value = certificate.certificate_policies_value
    return str(value[0]["policy_identifier"].dotted) if value is not None and len(value) else ""


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
