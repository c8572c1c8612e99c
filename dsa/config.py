"""Settings. One rule: they are read once, from ``DSA_*`` variables, and every missing or bad one is named at once.

``SETTINGS`` below is the whole list: the README's table is checked against it.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MINUTES_IDLE = 30
HOURS_ABSOLUTE = 12

# name -> (default as people read it, what it does)
SETTINGS: dict[str, tuple[str, str]] = {
    "DSA_ENV": ("`development`", "`production` refuses what is unsafe there: demo mode, plain HTTP, made-up secrets"),
    "DSA_DATA_DIR": ("`var`", "database file, documents, keys"),
    "DSA_DATABASE_URL": ("SQLite in the data directory", "PostgreSQL: `postgresql+psycopg://user@host/name`"),
    "DSA_DEMO": ("off (`make run` sets 1)", "demo people, synthetic agreements, a clock that can be moved"),
    "DSA_BASE_URL": ("`http://127.0.0.1:8000`", "where people reach the service; used in mails and checks of the host"),
    "DSA_SECRET_KEYS": ("made on first start", "comma-separated, newest first; each at least 32 characters"),
    "DSA_SERVICE_NAME": ("`Data-sharing agreements`", "the name on every page"),
    "DSA_ORGANISATION_NAME": ("empty", "whose service it is: the name at the top of every page"),
    "DSA_PROXIES": ("`0`", "how many reverse proxies to trust for the address and scheme"),
    "DSA_SMTP_URL": ("none: mail waits in the outbox", "`smtp://host:25` or `smtps://user:password@host:465`"),
    "DSA_MAIL_FROM": ("`no-reply@localhost`", "the sender of mails"),
    "DSA_TEMPLATES_DIR": ("none", "your own templates, looked in before the shipped ones"),
    "DSA_WORKFLOWS_DIR": ("the shipped ones", "your own workflow and form files"),
    "DSA_KEY_PASSPHRASE": ("made on first start", "what the signing authority's keys are encrypted with"),
    "DSA_ROOT_DIR": (
        "`root-offline` in the data directory",
        "where the root's key is put when it is made, to be taken away",
    ),
    "DSA_SIGNER": ("`own`", "`own`: started with the service; `separate`: you run `dsa signer`, under its own account"),
    "DSA_SIGNER_SOCKET": ("`signer.sock` in the data directory", "where the signer process answers"),
    "DSA_SIGNER_CLIENT": ("the signer's own account", "the account (name or number) of the service that may ask it"),
    "DSA_PKCS11_MODULE": (
        "none: encrypted files",
        "the library of a hardware module; issuing keys are then made in it",
    ),
    "DSA_PKCS11_TOKEN": ("none", "the label of the token in that module"),
    "DSA_PKCS11_PIN": ("none", "the token's PIN"),
    "DSA_PKCS11_PIN_FILE": ("none", "a file with the token's PIN, which only its owner may read"),
    "DSA_TSA_URLS": (
        "`embedded`",
        "time-stamp authorities (RFC 3161), asked in this order; `embedded` is the local one",
    ),
    "DSA_TSA_TRUST": ("none", "a directory with their certificates (`.pem`) and revocation lists (`.crl`)"),
}


class BadSettings(Exception):
    """Some settings are missing or wrong: ``problems`` names each, in sentences. The program cannot run (exit 2)."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this installation runs. Made by ``Settings.from_environment()``; tests make their own."""

    env: str = "development"
    data_dir: Path = Path("var")
    database_url: str = ""
    demo: bool = False
    base_url: str = "http://127.0.0.1:8000"
    secret_keys: tuple[str, ...] = ()
    service_name: str = "Data-sharing agreements"
    organisation_name: str = ""
    proxies: int = 0
    smtp_url: str | None = None
    mail_from: str = "no-reply@localhost"
    templates_dir: Path | None = None
    workflows_dir: Path | None = None
    key_passphrase: str | None = None
    root_dir: Path | None = None
    # inside: this process holds the keys, as commands that end by themselves and tests do; a service never does
    signer: str = "inside"
    signer_socket: Path | None = None
    signer_client: str = ""
    pkcs11_module: Path | None = None
    pkcs11_token: str = ""
    pkcs11_pin: str | None = None
    tsa_urls: tuple[str, ...] = ("embedded",)
    tsa_trust: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read ``DSA_*`` variables. Raises ``BadSettings`` that names everything wrong at once."""
        reader = _Reader(os.environ if environ is None else environ)
        settings = cls(
            env=reader.choice("DSA_ENV", "development", ("development", "production")),
            data_dir=Path(reader.text("DSA_DATA_DIR", "var")),
            database_url=reader.checked("DSA_DATABASE_URL", _database_problem),
            demo=reader.switch("DSA_DEMO"),
            base_url=reader.checked("DSA_BASE_URL", _base_url_problem, "http://127.0.0.1:8000").rstrip("/"),
            secret_keys=tuple(key.strip() for key in reader.text("DSA_SECRET_KEYS", "").split(",") if key.strip()),
            service_name=reader.text("DSA_SERVICE_NAME", "Data-sharing agreements"),
            organisation_name=reader.text("DSA_ORGANISATION_NAME", ""),
            proxies=reader.count("DSA_PROXIES"),
            smtp_url=reader.checked("DSA_SMTP_URL", _smtp_problem) or None,
            mail_from=reader.text("DSA_MAIL_FROM", "no-reply@localhost"),
            templates_dir=reader.directory("DSA_TEMPLATES_DIR"),
            workflows_dir=reader.directory("DSA_WORKFLOWS_DIR"),
            key_passphrase=reader.text("DSA_KEY_PASSPHRASE", "") or None,
            **_keys_of(reader),
        )
        problems = reader.problems + reader.unknown() + settings.problems()
        if problems:
            raise BadSettings(problems)
        return settings

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database in use."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'dsa.sqlite3').absolute()}"

    @property
    def https(self) -> bool:
        """Whether people reach the service over HTTPS: decides the cookie's name and its Secure mark."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The host name (and port, where it is not the usual one) that people type."""
        return urlsplit(self.base_url).netloc

    def problems(self) -> list[str]:
        """What is unsafe or contradictory in these settings taken together, as sentences."""
        found = []
        if any(len(key) < 32 for key in self.secret_keys):
            found.append("DSA_SECRET_KEYS: each key needs at least 32 characters.")
        found += self._key_problems()
        if self.env == "production":
            if self.demo:
                found.append("DSA_DEMO: demo mode is refused when DSA_ENV=production. Unset it.")
            if not self.https:
                found.append("DSA_BASE_URL: production needs an https:// address.")
            if not self.secret_keys:
                found.append("DSA_SECRET_KEYS: production needs one. Make it with: openssl rand -hex 32")
            if not self.key_passphrase:
                found.append("DSA_KEY_PASSPHRASE: production needs one, kept apart from the data directory.")
        return found

    def _key_problems(self) -> list[str]:
        found = []
        if self.pkcs11_module is not None and not self.pkcs11_token:
            found.append("DSA_PKCS11_TOKEN: name the token to use in the module.")
        if self.pkcs11_module is not None and not self.pkcs11_pin:
            found.append("DSA_PKCS11_PIN: the token needs its PIN; set this or DSA_PKCS11_PIN_FILE.")
        named = [each for each in self.tsa_urls if each != "embedded"]
        if any(not each.startswith(("https://", "http://")) for each in named):
            found.append("DSA_TSA_URLS: each is an https:// or http:// address, or the word embedded.")
        if named and self.tsa_trust is None:
            found.append("DSA_TSA_TRUST: name the directory with the certificates of the authorities in DSA_TSA_URLS.")
        if len(set(self.tsa_urls)) != len(self.tsa_urls):
            found.append("DSA_TSA_URLS: an authority is named twice.")
        return found

    def signing_secrets(self) -> tuple[str, ...]:
        """The secrets that protect forms and cookies; made and kept (mode 0600) when no setting names one."""
        return self.secret_keys or (kept_secret(self.data_dir / "forms.secret"),)

    @property
    def signer_address(self) -> Path:
        """Where the signer process answers: a Unix domain socket."""
        return self.signer_socket or self.data_dir / "signer.sock"


def kept_secret(path: Path) -> str:
    """A random secret that is made once and kept in a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.parent / "keys" / path.name  # where 0.1.0 kept it, beside keys that are not the web's business
    if before.exists() and not path.exists():
        os.replace(before, path)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        secret = secrets.token_hex(32)
        file.write(secret)
    return secret


def _keys_of(reader: "_Reader") -> dict[str, Any]:
    """The settings of keys, signer and time stamps."""
    place, socket = reader.text("DSA_ROOT_DIR", ""), reader.text("DSA_SIGNER_SOCKET", "")
    return {
        "root_dir": Path(place) if place else None,
        "signer": reader.choice("DSA_SIGNER", "own", ("own", "separate")),
        "signer_socket": Path(socket) if socket else None,
        "signer_client": reader.text("DSA_SIGNER_CLIENT", ""),
        "pkcs11_module": reader.file("DSA_PKCS11_MODULE"),
        "pkcs11_token": reader.text("DSA_PKCS11_TOKEN", ""),
        "pkcs11_pin": reader.secret("DSA_PKCS11_PIN", "DSA_PKCS11_PIN_FILE"),
        "tsa_urls": tuple(each.strip() for each in reader.text("DSA_TSA_URLS", "embedded").split(",") if each.strip()),
        "tsa_trust": reader.directory("DSA_TSA_TRUST"),
    }


class _Reader:
    """Reads variables and collects a sentence for each bad one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in options:
            self.problems.append(f"{name}: {value!r} is not one of {', '.join(options)}.")
        return value

    def switch(self, name: str) -> bool:
        value = self.text(name, "0").lower()
        if value not in {"0", "1", "false", "true", "no", "yes", "off", "on"}:
            self.problems.append(f"{name}: {value!r} is neither 1 nor 0.")
        return value in {"1", "true", "yes", "on"}

    def count(self, name: str) -> int:
        value = self.text(name, "0")
        if not value.isdecimal() or int(value) > 10:
            self.problems.append(f"{name}: {value!r} is not a whole number from 0 to 10.")
            return 0
        return int(value)

    def checked(self, name: str, problem: Callable[[str], str | None], default: str = "") -> str:
        value = self.text(name, default)
        found = problem(value) if value else None
        if found:
            self.problems.append(f"{name}: {found}")
        return value

    def directory(self, name: str) -> Path | None:
        value = self.text(name, "")
        if value and not Path(value).is_dir():
            self.problems.append(f"{name}: {value!r} is not a directory.")
        return Path(value) if value else None

    def file(self, name: str) -> Path | None:
        value = self.text(name, "")
        if value and not Path(value).is_file():
            self.problems.append(f"{name}: {value!r} is not a file.")
        return Path(value) if value else None

    def secret(self, name: str, file_name: str) -> str | None:
        value, path = self.text(name, ""), self.file(file_name)
        if value and path:
            self.problems.append(f"{name}: set it or {file_name}, not both.")
        if path is None or not path.is_file():
            return value or None
        if path.stat().st_mode & 0o077:
            self.problems.append(f"{file_name}: others on this machine can read {path}. Run: chmod 600 {path}")
            return None
        return path.read_text(encoding="utf-8").strip() or None

    def unknown(self) -> list[str]:
        """A misspelt setting would be ignored silently: name it. ``DSA_SHARED`` belongs to the tests."""
        extra = sorted(
            name for name in self._environ if name.startswith("DSA_") and name not in {*SETTINGS, "DSA_SHARED"}
        )
        return [f"{name}: there is no such setting." for name in extra]


def _database_problem(url: str) -> str | None:
    if url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return None
    return "it must begin with sqlite:/// or postgresql+psycopg://."


def _base_url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return f"{url!r} is not an address."
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or not port_is_fine:
        return f"{url!r} is not an address such as https://agreements.example.gov.uk."
    return None


def _smtp_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "it is not an address such as smtp://mail.example.gov.uk:25."
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        return "it is not an address such as smtp://mail.example.gov.uk:25."
    return None
