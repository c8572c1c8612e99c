"""The shape of the code: sizes, layers, unfinished marks, settings, lock files."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dsa.config import SETTINGS
from tests.conftest import ROOT

MODULE_LINES = 400
FUNCTION_LINES = 40
# Migrations are written by a tool and never touched again.
MODULES = sorted(path for path in (ROOT / "dsa").rglob("*.py") if "versions" not in path.parts)
# Unfinished marks, put together here so that this file does not hold them itself.
UNFINISHED = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error"]))
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """The files that git keeps; all files, where this is no git checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for path in (ROOT / name for name in listed.stdout.split("\0") if name) if path.is_file()]


def test_a_module_fits_in_400_lines() -> None:
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > MODULE_LINES} == {}


def test_a_function_fits_in_40_lines() -> None:
    long = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{name_of(path)}:{node.name}"] = lines
    assert long == {}


def test_every_module_opens_with_what_it_is_for() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name_of(path) for path in MODULES if path.stem in VAGUE] == []


def test_nothing_is_marked_unfinished() -> None:
    found = {name_of(path): UNFINISHED.findall(path.read_text()) for path in MODULES}
    found |= {name_of(path): UNFINISHED.findall(path.read_text()) for path in (ROOT / "templates").rglob("*.html")}
    assert {name: marks for name, marks in found.items() if marks} == {}


@pytest.mark.slow
def test_imports_run_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_persistence_asks_the_database() -> None:
    """Services hand sessions down and take rows back; statements are written in persistence alone."""
    asking = re.compile(
        r"^from sqlalchemy import (?!Row$)|^import sqlalchemy|\bsession\.(query|scalars?|execute)\(", re.M
    )
    elsewhere = [path for path in MODULES if "persistence" not in path.parts]
    assert [name_of(path) for path in elsewhere if asking.search(path.read_text())] == []


def test_nobody_reads_the_clock_or_rolls_dice_below_the_edges() -> None:
    drawing = re.compile(r"datetime\.(now|utcnow)\(|date\.today\(|\btime\.time\(|\brandom\.|\bsecrets\.|\buuid4\(")
    below = [
        path for path in MODULES if {"domain", "services", "persistence", "timekeeping", "insight"} & set(path.parts)
    ]
    allowed = {"dsa/timekeeping/clock.py"}  # the one place where true time comes in
    assert [name_of(path) for path in below if drawing.search(path.read_text()) and name_of(path) not in allowed] == []


def test_every_setting_is_in_the_readme_and_nothing_else_is() -> None:
    rows = re.findall(r"^\| `(DSA_\w+)` \|", (ROOT / "README.md").read_text(), re.M)
    assert sorted(rows) == sorted(SETTINGS)


def test_every_setting_that_the_code_reads_is_on_the_list() -> None:
    read = {name for path in MODULES for name in re.findall(r"[\"'](DSA_[A-Z_]+)[\"']", path.read_text())}
    assert read - {"DSA_SHARED"} <= set(SETTINGS)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-build.txt"])
def test_a_lock_file_pins_with_hashes_and_names_no_host(lock: str) -> None:
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text(), flags=re.M)
    assert not re.search(r"https?:|file:|--index-url|--extra-index-url|--find-links|--trusted-host| @ |/", text)
    pinned = re.split(r"\n(?=\S)", text.strip())
    assert [entry.split()[0] for entry in pinned if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_running_versions_are_the_locked_ones() -> None:
    from importlib.metadata import version

    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M))
    chosen = ("flask", "sqlalchemy", "transitions", "weasyprint", "pyhanko", "govuk-frontend-jinja")
    assert {name: version(name) for name in chosen} == {name: locked[name] for name in chosen}


def test_the_vendored_style_sheet_fits_the_macros_and_has_no_crown_or_fonts() -> None:
    vendor = ROOT / "dsa/web/static/vendor/govuk-frontend"
    css = (vendor / "govuk-frontend.min.css").read_text()
    assert '--govuk-frontend-version:"6.3.0"' in css
    assert not re.search(r"GDS Transport|@font-face|crest|sourceMappingURL", css)
    assert "MIT" in (vendor / "LICENSE.txt").read_text()
    assert sorted(path.name for path in vendor.iterdir()) == [
        "LICENSE.txt", "VERSION", "govuk-frontend.min.css", "govuk-frontend.min.js",
    ]  # fmt: skip


def test_no_tracked_file_holds_a_path_of_somebodys_machine() -> None:
    paths = re.compile(r"/(?:home|Users|work|farm)/[a-z]")
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path.suffix not in {".lock"} and paths.search(text) and path != Path(__file__):
            found.append(name_of(path))
    assert found == []


def test_migrations_stand_in_one_line() -> None:
    """Two that landed at once with one number would leave an installation that cannot be migrated."""
    folder = ROOT / "dsa/persistence/migrations/versions"
    found: dict[str, str | None] = {}
    for path in sorted(folder.glob("*.py")):
        text = path.read_text()
        names = re.findall(r'^(?:down_)?revision[^=]*= *(?:"(\w+)"|None)', text, re.M)
        assert len(names) == 2, path.name
        assert path.name.startswith(f"{names[0]}_"), path.name
        assert names[0] not in found, f"two migrations are called {names[0]}"
        found[names[0]] = names[1] or None
    numbers = sorted(found)
    assert [found[number] for number in numbers] == [None, *numbers[:-1]]
