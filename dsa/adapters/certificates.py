"""What the certificates of the embedded authority look like. One rule: they carry true time and never look back.

The object identifiers live under one random UUID (X.667), so that nobody else can mean something different by them.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

ARC = "2.25.188927316470505270265343212661884245837"
POLICY_DEMO = ObjectIdentifier(f"{ARC}.1.1")
POLICY_PASSWORD = ObjectIdentifier(f"{ARC}.1.2")
POLICY_SEAL = ObjectIdentifier(f"{ARC}.1.3")
POLICY_TIME_STAMP = ObjectIdentifier(f"{ARC}.1.4")
EVIDENCE = ObjectIdentifier(f"{ARC}.2.1")
ANY_POLICY = ObjectIdentifier("2.5.29.32.0")
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
EXPIRED_ON_LIST = ObjectIdentifier("2.5.29.60")

EXAMPLE_MARK = "EXAMPLE - not an agreement of the bodies named"
_LONGEST_NAME = 64  # bytes; X.520 bounds common, organisation and unit names

# How a person proved who they are -> the policy their certificate carries.
POLICIES = {"demo": POLICY_DEMO, "password": POLICY_PASSWORD}


@dataclass(frozen=True, slots=True)
class Credential:
    """A private key with its certificate. The key of a person exists in memory only, for one signature."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def true_time() -> dt.datetime:
    """Now, in UTC, to the second: what certificates and time stamps carry, whatever clock the agreement runs on."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def shortened(name: str) -> str:
    """``name`` as it fits a certificate's name field; the whole name stands in the document and its evidence."""
    name = " ".join(name.split()) or "unnamed"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return name.encode()[: _LONGEST_NAME - 3].decode("utf-8", "ignore").rstrip() + "..."


def subject(common: str, organisation: str, *, demo: bool, unique: str | None = None) -> x509.Name:
    """The subject of a certificate; a demo authority's says that it is an example."""
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, shortened(organisation)),
        x509.NameAttribute(NameOID.COMMON_NAME, shortened(common)),
    ]
    if demo:
        parts.insert(1, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, EXAMPLE_MARK))
    if unique:
        parts.append(x509.NameAttribute(NameOID.USER_ID, shortened(unique)))
    return x509.Name(parts)


def root_certificate(
    key: ec.EllipticCurvePrivateKey, name: x509.Name, *, now: dt.datetime, until: dt.datetime
) -> x509.Certificate:
    """The self-signed root."""
    builder = _authority(name, key.public_key(), name, now=now, until=until, depth=1)
    return builder.sign(key, hashes.SHA256())


def issuing_certificate(
    issuer: Credential, public: ec.EllipticCurvePublicKey, name: x509.Name, *, now: dt.datetime, until: dt.datetime
) -> x509.Certificate:
    """An authority under the root, which may issue to end entities only."""
    builder = _authority(name, public, issuer.certificate.subject, now=now, until=until, depth=0)
    builder = builder.add_extension(_issuer_key(issuer.certificate), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def _authority(
    name: x509.Name,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    *,
    now: dt.datetime,
    until: dt.datetime,
    depth: int,
) -> x509.CertificateBuilder:
    builder = _begin(name, public, issuer, now=now, until=until)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
    builder = builder.add_extension(_usage(sign_certificates=True), critical=True)
    return builder.add_extension(_policies([ANY_POLICY]), critical=False)


def signing_certificate(
    issuer: Credential,
    public: ec.EllipticCurvePublicKey,
    name: x509.Name,
    *,
    policy: ObjectIdentifier,
    now: dt.datetime,
    until: dt.datetime,
    evidence: bytes | None = None,
) -> x509.Certificate:
    """A certificate that may sign documents: a person's (with the hash of the evidence) or a seal's."""
    builder = _end_entity(issuer, public, name, policy=policy, now=now, until=until)
    builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
    # NSS (and so pdfsig) asks for e-mail protection; document signing is what is meant.
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING]), critical=False
    )
    if evidence is not None:
        octets = b"\x04" + bytes([len(evidence)]) + evidence
        builder = builder.add_extension(x509.UnrecognizedExtension(EVIDENCE, octets), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def time_stamp_certificate(
    issuer: Credential, public: ec.EllipticCurvePublicKey, name: x509.Name, *, now: dt.datetime, until: dt.datetime
) -> x509.Certificate:
    """A certificate that may time-stamp and do nothing else (RFC 3161 section 2.3)."""
    builder = _end_entity(issuer, public, name, policy=POLICY_TIME_STAMP, now=now, until=until)
    builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer.key, hashes.SHA256())


def revocation_list(
    issuer: Credential, revoked: Sequence[tuple[int, dt.datetime]], *, number: int, now: dt.datetime, until: dt.datetime
) -> bytes:
    """The DER bytes of an issuer's list of revoked certificates: (serial number, when revoked) each.

    It keeps entries after their certificates expire, and says so, which is what lets it speak about short-lived ones.
    """
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(now).next_update(until)
    builder = builder.add_extension(_issuer_key(issuer.certificate), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    since = issuer.certificate.not_valid_before_utc.strftime("%Y%m%d%H%M%SZ").encode()
    builder = builder.add_extension(x509.UnrecognizedExtension(EXPIRED_ON_LIST, b"\x18\x0f" + since), critical=False)
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _end_entity(
    issuer: Credential,
    public: ec.EllipticCurvePublicKey,
    name: x509.Name,
    *,
    policy: ObjectIdentifier,
    now: dt.datetime,
    until: dt.datetime,
) -> x509.CertificateBuilder:
    builder = _begin(name, public, issuer.certificate.subject, now=now, until=until)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_issuer_key(issuer.certificate), critical=False)
    return builder.add_extension(_policies([policy]), critical=False)


def _begin(
    name: x509.Name,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    *,
    now: dt.datetime,
    until: dt.datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(until)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _issuer_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _policies(identifiers: Sequence[ObjectIdentifier]) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(each, None) for each in identifiers])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=not sign_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
