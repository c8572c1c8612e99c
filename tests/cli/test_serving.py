"""The commands that run the service: db upgrade, demo, start-fresh, worker, serve. Each says what happened."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dsa.cli import db, demo, fresh, worker
from dsa.composition import open_context
from dsa.config import Settings
from dsa.services import demo_documents, directory
from dsa.services.enlisting import is_empty
from dsa.services.job_state import something_waits

PASSWORD = "seven purple otters dancing"
OWN = [
    "--organisation", "Department of Trying", "--code", "dot", "--kind", "ministerial_department", "--nation", "ENG",
    "--name", "First Administrator", "--email", "first@example.org", "--password-stdin",
]  # fmt: skip
POSTS = [
    "--post", "drafter=Data sharing lead",
    "--post", "information_governance=Information lead=second@example.org=Second",
    "--post", "signatory=Deputy director",
]  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def start_fresh(*more: str, password: str = PASSWORD) -> Result:
    return CliRunner().invoke(fresh.command, [*OWN, *more], input=f"{password}\n")


def test_db_upgrade_makes_the_database_and_publishes_what_is_new_once(empty: Path) -> None:
    first = CliRunner().invoke(db.command, ["upgrade"])
    again = CliRunner().invoke(db.command, ["upgrade"])
    assert first.exit_code == again.exit_code == 0
    assert "Published: workflow standard 1" in first.output
    assert "Published" not in again.output


def test_start_fresh_makes_the_organisation_its_administrator_and_three_posts(empty: Path) -> None:
    result = start_fresh(*POSTS)
    assert result.exit_code == 0, result.output
    assert "second@example.org with the password" in result.output
    assert "Start the service" in result.output
    ctx = open_context(Settings(data_dir=empty))
    assert [one.code for one in directory.organisations(ctx)] == ["DOT"]
    own = directory.organisations(ctx)[0].id
    assert [one.email for one in directory.able_to_do(ctx, own, "drafter")] == ["first@example.org"]
    assert [one.email for one in directory.able_to_do(ctx, own, "information_governance")] == ["second@example.org"]
    assert [one.email for one in directory.able_to_do(ctx, own, "administrator")] == ["first@example.org"]
    ctx.database.close()


def test_start_fresh_is_refused_where_somebody_has_begun(empty: Path) -> None:
    assert start_fresh(*POSTS).exit_code == 0
    result = start_fresh(*POSTS)
    assert result.exit_code == 1
    assert "has organisations already" in str(result.exception)


@pytest.mark.parametrize(
    ("more", "password", "says"),
    [
        (["--post", "drfter=Lead"], PASSWORD, "is not a post"),
        (["--post", "administrator=Me"], PASSWORD, "is not a post"),
        (["--post", "drafter"], PASSWORD, "is not a post"),
        (["--post", "drafter=Lead=only-an-address@example.org"], PASSWORD, "is not a post"),
        (POSTS, "short", "at least 12 characters"),
    ],
)
def test_start_fresh_refuses_what_cannot_be_right_and_writes_nothing(
    more: list[str], password: str, says: str, empty: Path
) -> None:
    result = start_fresh(*more, password=password)
    assert result.exit_code == 1
    assert says in str(result.exception)
    assert not (empty / "dsa.sqlite3").exists()


def test_start_fresh_asks_for_what_is_not_given(empty: Path) -> None:
    typed = ["Department of Trying", "DOT", "", "", "First", "first@example.org", "", "", "", "", "", ""]
    answers = "\n".join([*typed, PASSWORD, PASSWORD]) + "\n"
    result = CliRunner().invoke(fresh.command, [], input=answers)
    assert result.exit_code == 0, result.output
    assert "Three posts" in result.output
    assert "Choose “Start an agreement”" in result.output


def test_start_fresh_never_puts_people_into_a_demonstration(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSA_DEMO", "1")
    assert start_fresh(*POSTS).exit_code == 2


def test_the_demonstration_is_made_as_a_whole_and_only_once(empty: Path) -> None:
    result = CliRunner().invoke(demo.command, ["--agreements", "5"])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in empty.glob("*.sqlite3*")) == ["dsa.sqlite3"]
    ctx = open_context(Settings(data_dir=empty, demo=True))
    assert demo_documents.is_filled(ctx)
    assert not is_empty(ctx)
    ctx.database.close()
    again = CliRunner().invoke(demo.command, ["--agreements", "5"])
    assert again.exit_code == 1
    assert "something in this installation already" in str(again.exception)


def test_the_demonstration_is_refused_in_production(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("ENV", "production"), ("BASE_URL", "https://agreements.example.org"), ("SECRET_KEYS", "k" * 32),
        ("KEY_PASSPHRASE", "a long enough passphrase"),
    ):  # fmt: skip
        monkeypatch.setenv(f"DSA_{name}", value)
    assert CliRunner().invoke(demo.command, []).exit_code == 2
    assert not (empty / "dsa.sqlite3").exists()


def test_the_worker_carries_out_what_waits(empty: Path) -> None:
    assert CliRunner().invoke(demo.command, ["--agreements", "5"]).exit_code == 0
    result = CliRunner().invoke(worker.command, ["--once"])
    assert result.exit_code == 0, result.output
    assert int(result.output.split(":")[1]) > 0
    assert CliRunner().invoke(worker.command, ["--once"]).output.strip() == "Carried out: 0"


def test_the_worker_runs_on_its_own_queue_until_it_is_told_to_stop(empty: Path) -> None:
    assert CliRunner().invoke(demo.command, ["--agreements", "5"]).exit_code == 0
    environment = {**os.environ, "DSA_DEMO": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "dsa", "worker"], env=environment, stderr=subprocess.PIPE, text=True
    )
    ctx = open_context(Settings(data_dir=empty, demo=True))
    try:
        began = time.monotonic()
        while something_waits(ctx) and time.monotonic() - began < 40:
            time.sleep(0.2)
        assert not something_waits(ctx)
        assert (empty / "jobs.sqlite3").exists()
    finally:
        ctx.database.close()
        running.send_signal(signal.SIGTERM)
        _, problems = running.communicate(timeout=30)
    assert running.returncode == 0, problems


def free_port() -> int:
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        port: int = trying.getsockname()[1]
        return port


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def wait_for(port: int, running: subprocess.Popen[str], seconds: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        assert running.poll() is None, running.communicate()
        try:
            if ask(port, "/health")[0] == 200:
                return time.monotonic() - began
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service did not come up")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_service_starts_answers_and_stops_cleanly(how: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "DSA_DATA_DIR": str(tmp_path / "data")}
    arguments = [sys.executable, "-m", "dsa", "serve", "--port", str(port)]
    running = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(port, running, 60)
        status, said = ask(port, "/health")
        assert status == 200
        assert {"database": "ok", "jobs": "ok"}.items() <= json.loads(said).items()
        assert ask(port, "/sign-in")[0] == 200
        while json.loads(ask(port, "/health")[1])["signer"] != "ok":
            time.sleep(0.2)
    finally:
        running.send_signal(how)
        told, problems = running.communicate(timeout=30)
    assert running.returncode == 0, problems
    assert f"http://127.0.0.1:{port}" in told
    assert not (tmp_path / "data" / "signer.sock").exists(), "the signer ended with the service"
    assert "start-fresh" in told


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "DSA_DATA_DIR": str(tmp_path / "data")}
        arguments = [sys.executable, "-m", "dsa", "serve", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "Nothing can be served" in done.stderr
    assert "Traceback" not in done.stderr
