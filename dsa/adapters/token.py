"""Keys in a hardware module (PKCS#11). One rule: the private key is made in the token and never leaves it."""

import hashlib
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import pkcs11
from asn1crypto import keys as asn1_keys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, load_der_public_key
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters

from dsa.adapters.key_store import AuthorityUnusable

_PREFIX = "dsa-"  # so that the keys of this service are known among others in the token


@lru_cache(maxsize=4)
def _session(module: Path, token: str, pin: str) -> tuple[Any, threading.RLock]:
    """The session of this process with a token, and the lock under which it is used: who opens again gets the same."""
    found = pkcs11.lib(str(module)).get_token(token_label=token)
    try:
        return found.open(user_pin=pin, rw=True), threading.RLock()
    except UserAlreadyLoggedIn:  # a session before this one broke; this process is still logged in
        return found.open(rw=True), threading.RLock()


class TokenKeys:
    """Keys by name in one token (see ``key_store.KeyStore``). One session, used by one thread at a time."""

    kind = "pkcs11"

    def __init__(self, module: Path, token: str, pin: str) -> None:
        self._label = token
        try:
            self._session, self._lock = _session(module, token, pin)
        except (PKCS11Error, RuntimeError) as error:
            raise AuthorityUnusable(
                f"The token {token} of {module} cannot be opened ({type(error).__name__}). Check DSA_PKCS11_MODULE, "
                "DSA_PKCS11_TOKEN and the PIN; a token with too many wrong PINs has to be unlocked by its owner."
            ) from error

    def make(self, name: str) -> ec.EllipticCurvePrivateKey:
        """See ``KeyStore.make``."""
        self.destroy(name)  # left over from a making that was interrupted: nothing was issued with it
        with self._lock:
            curve = self._session.create_domain_parameters(
                pkcs11.KeyType.EC,
                {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
                local=True,
            )
            template = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
            curve.generate_keypair(
                store=True, label=_PREFIX + name, mechanism_param=None, private_template=template,
                capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            )  # fmt: skip
        return self.load(name)

    def load(self, name: str) -> ec.EllipticCurvePrivateKey:
        """See ``KeyStore.load``."""
        try:
            with self._lock:
                label = _PREFIX + name
                private = self._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
                public = self._session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=label)
                encoded = asn1_keys.PublicKeyInfo.load(encode_ec_public_key(public)).dump()
        except PKCS11Error as error:
            raise AuthorityUnusable(
                f"The token {self._label} holds no key {_PREFIX}{name} ({type(error).__name__}). Use the token that "
                "the keys were made in, or restore it from its backup."
            ) from error
        found = load_der_public_key(encoded)
        if not isinstance(found, ec.EllipticCurvePublicKey):
            raise AuthorityUnusable(f"The key {_PREFIX}{name} of the token {self._label} is of another kind.")
        return TokenKey(private, found, self._lock)

    def destroy(self, name: str) -> None:
        """See ``KeyStore.destroy``."""
        with self._lock:
            for each in list(self._session.get_objects({pkcs11.Attribute.LABEL: _PREFIX + name})):
                each.destroy()

    def where(self, name: str) -> str:
        """See ``KeyStore.where``."""
        return f"{_PREFIX}{name} in the token {self._label}"


class TokenKey(ec.EllipticCurvePrivateKey):
    """A P-256 key of a token, where certificates are signed by it. It signs; everything else is refused."""

    def __init__(self, private: Any, public: ec.EllipticCurvePublicKey, lock: threading.RLock) -> None:
        self._private, self._public, self._lock = private, public, lock

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """An ECDSA signature (DER) over SHA-256 of ``data``."""
        algorithm = signature_algorithm.algorithm
        digest = hashlib.sha256(data).digest()
        if isinstance(algorithm, utils.Prehashed):
            digest = bytes(data)
        elif not isinstance(algorithm, hashes.SHA256):
            raise ValueError("Keys of this service sign with SHA-256.")
        try:
            with self._lock:
                raw = self._private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        except PKCS11Error as error:
            _session.cache_clear()  # the next who asks opens the token anew
            raise AuthorityUnusable(
                f"The token did not sign ({type(error).__name__}). It is opened again at the next request."
            ) from error
        encoded: bytes = encode_ecdsa_signature(raw)
        return encoded

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """256."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused: these keys only sign."""
        raise ValueError("A key of the token only signs.")

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refused: the key does not leave the token."""
        raise ValueError("A key of the token cannot be read.")

    def private_bytes(self, encoding: Encoding, format: PrivateFormat, encryption_algorithm: Any) -> bytes:
        """Refused: the key does not leave the token."""
        raise ValueError("A key of the token cannot be read.")

    def __copy__(self) -> "TokenKey":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "TokenKey":
        return self
