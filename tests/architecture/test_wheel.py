"""What is built can be installed anywhere and finds its templates."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
_RENDER = """
import tempfile, pathlib, sys
import dsa
assert "site-packages" in dsa.__file__, dsa.__file__
from dsa.config import Settings
from dsa.web import create_app
from dsa.resources import templates_dir, workflows_dir
app = create_app(Settings(data_dir=pathlib.Path(tempfile.mkdtemp())))
answer = app.test_client().get("/sign-in")
assert answer.status_code == 200 and "<h1" in answer.text, answer.text
assert (workflows_dir() / "standard.yaml").is_file()
print(templates_dir())
"""


def build(source: Path, target: Path, kind: str) -> Path:
    """Build a wheel or sdist with the pinned backend, without a network."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target / done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that was built from the sdist, as a packager would."""
    folder = tmp_path_factory.mktemp("dist")
    with tarfile.open(build(ROOT, folder, "sdist")) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    return build(source, folder, "wheel")


def test_the_wheel_holds_templates_workflows_styles_and_migrations(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "dsa/_bundled/templates/base.html",
        "dsa/_bundled/workflows/standard.yaml",
        "dsa/web/static/dsa.css",
        "dsa/web/static/vendor/govuk-frontend/LICENSE.txt",
        "dsa/persistence/migrations/versions/0001_the_first_schema.py",
    }
    assert wanted <= names
    assert not [name for name in names if name.startswith(("tests/", "var/", "wsgi")) or name.endswith(".sqlite3")]


def test_the_installed_wheel_renders_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv/bin/python"
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    # the dependencies come from the environment of the tests; the product itself from the wheel alone
    (theirs,) = (Path(sys.prefix) / "lib").glob("python*/site-packages")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DSA_", "PYTHON"))}
    code = f"import sys; sys.path.append({str(theirs)!r})\n{_RENDER}"
    done = subprocess.run([python, "-c", code], cwd="/", capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("_bundled/templates")
