"""Small time-stamp authorities over HTTP on this machine, with faults to choose. One rule: each has a root of its own.

The stamps are signed with ECDSA by hand-made RFC 3161 tokens; the list of revoked certificates is served beside them.
"""

import datetime as dt
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute

DAY = dt.timedelta(days=1)
POLICY = "2.25.4711"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Clock:
    """One authority. ``fault``: how it goes wrong; empty where it does not. ``asked`` counts requests."""

    title: str
    fault: str = ""
    asked: int = 0
    address: str = ""
    expired: bool = False
    publishes: bool = True
    list_days: int = 3_650
    keys: tuple[ec.EllipticCurvePrivateKey, ec.EllipticCurvePrivateKey] = field(
        default_factory=lambda: (ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))
    )

    def make(self) -> None:
        """Make the certificates, once the address is known."""
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        root_key, key = self.keys
        ends = now - DAY if self.expired else now + 3_650 * DAY
        name = _name(f"{self.title} root")
        self.root = (
            self._begin(name, name, root_key, now - 20 * DAY, now + 7_300 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(issues=True), critical=True)
            .sign(root_key, hashes.SHA256())
        )  # fmt: skip
        builder = (
            self._begin(_name(f"{self.title} unit"), name, key, now - 10 * DAY, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(issues=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        )
        if self.publishes:
            points = [x509.UniformResourceIdentifier(f"{self.address}/list.crl")]
            point = x509.DistributionPoint(full_name=points, relative_name=None, reasons=None, crl_issuer=None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        self.unit = builder.sign(root_key, hashes.SHA256())

    def _begin(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, since: dt.datetime,
        until: dt.datetime,
    ) -> x509.CertificateBuilder:  # fmt: skip
        public, issuer_key = key.public_key(), self.keys[0].public_key()
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
            .serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        )  # fmt: skip

    def revocation_list(self, *, revoked: bool = False) -> bytes:
        """Its list, DER."""
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.subject)
        builder = builder.last_update(now - DAY).next_update(now + self.list_days * DAY)
        if revoked or self.fault == "revoked":
            entry = x509.RevokedCertificateBuilder().serial_number(self.unit.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - DAY).build())
        return builder.sign(self.keys[0], hashes.SHA256()).public_bytes(Encoding.DER)

    def root_pem(self) -> bytes:
        """Its root, PEM."""
        return self.root.public_bytes(Encoding.PEM)

    def answer(self, request: bytes) -> bytes:
        """A TimeStampResp, spoiled as ``fault`` says."""
        asked = tsp.TimeStampReq.load(request)
        if self.fault == "rejects":
            return bytes(
                tsp.TimeStampResp({"status": tsp.PKIStatusInfo({"status": tsp.PKIStatus("rejection")})}).dump()
            )
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        info = tsp.TSTInfo(
            {
                "version": "v1", "policy": POLICY, "message_imprint": asked["message_imprint"],
                "serial_number": secrets.randbits(100) | 1, "nonce": asked["nonce"],
                "gen_time": now - dt.timedelta(hours=3) if self.fault == "slow clock" else now,
            }
        )  # fmt: skip
        if self.fault == "wrong nonce":
            info["nonce"] = 4711
        if self.fault == "wrong imprint":
            info["message_imprint"] = {
                "hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(b"something else").digest(),
            }  # fmt: skip
        status = tsp.PKIStatusInfo({"status": tsp.PKIStatus("granted")})
        return bytes(tsp.TimeStampResp({"status": status, "time_stamp_token": self._token(info.dump())}).dump())

    def _token(self, info: bytes) -> cms.ContentInfo:
        unit = asn1_x509.Certificate.load(self.unit.public_bytes(Encoding.DER))
        digest = algos.DigestAlgorithm({"algorithm": "sha256"})
        attributes = cms.CMSAttributes(
            [
                simple_cms_attribute("content_type", "tst_info"),
                simple_cms_attribute("message_digest", hashlib.sha256(info).digest()),
                simple_cms_attribute("signing_certificate_v2", as_signing_certificate_v2(unit)),
            ]
        )
        signature = self.keys[1].sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        if self.fault == "wrong signature":
            signature = self.keys[0].sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        identifier = cms.IssuerAndSerialNumber({"issuer": unit.issuer, "serial_number": unit.serial_number})
        signer = {
            "version": "v1", "sid": cms.SignerIdentifier({"issuer_and_serial_number": identifier}),
            "digest_algorithm": digest, "signed_attrs": attributes, "signature": signature,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        }  # fmt: skip
        content = {"content_type": cms.ContentType("tst_info"), "content": cms.ParsableOctetString(info)}
        signed = {
            "version": "v3", "digest_algorithms": cms.DigestAlgorithms((digest,)),
            "encap_content_info": cms.EncapsulatedContentInfo(content), "certificates": [unit],
            "signer_infos": [cms.SignerInfo(signer)],
        }  # fmt: skip
        return cms.ContentInfo({"content_type": cms.ContentType("signed_data"), "content": cms.SignedData(signed)})


@contextmanager
def answering(clock: Clock) -> Iterator[Clock]:
    """The authority on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(clock.revocation_list(), "application/pkix-crl")

        def do_POST(self) -> None:
            clock.asked += 1
            request = self.rfile.read(int(self.headers["Content-Length"]))
            if clock.fault == "hangs":
                time.sleep(3)
            if clock.fault == "hangs up":
                return
            if clock.fault == "status 500":
                self.send_error(500)
                return
            spoiled = {"garbage": b"<html>sorry</html>", "empty": b"", "endless": b"0" * 100_000}
            self._send(spoiled.get(clock.fault) if clock.fault in spoiled else clock.answer(request),  # type: ignore[arg-type]
                       "application/timestamp-reply")  # fmt: skip

        def _send(self, data: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    clock.address = f"http://127.0.0.1:{server.server_port}"
    clock.make()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield clock
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def trusted(directory: Path, *clocks: Clock, lists: bool = False) -> Path:
    """A directory for DSA_TSA_TRUST that trusts these."""
    directory.mkdir(exist_ok=True)
    for clock in clocks:
        (directory / f"{clock.title}.pem").write_bytes(clock.root_pem())
        if lists:
            (directory / f"{clock.title}.crl").write_bytes(clock.revocation_list())
    return directory


def _usage(*, issues: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issues, content_commitment=not issues, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=issues, crl_sign=issues, encipher_only=False, decipher_only=False,
    )  # fmt: skip
