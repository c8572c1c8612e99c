"""Settings. One rule: they are read once, from ``DSA_*`` variables, and every missing or bad one is named at once.

``SETTINGS`` below is the whole list: the README's table is checked against it.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
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

    def signing_secrets(self) -> tuple[str, ...]:
        """The secrets that protect forms and cookies; made and kept (mode 0600) when no setting names one."""
        return self.secret_keys or (kept_secret(self.data_dir / "keys" / "forms.secret"),)


def kept_secret(path: Path) -> str:
    """A random secret that is made once and kept in a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        secret = secrets.token_hex(32)
        file.write(secret)
    return secret


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
