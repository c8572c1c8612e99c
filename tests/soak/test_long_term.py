"""Every example's signed document before the independent verifier: today, in 2031, and in 2031 after two renewals."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.json"))
RENEW = """
import sys
from pathlib import Path
from dsa.adapters.press import Press
from dsa.config import Settings
press = Press(Settings(data_dir=Path(sys.argv[1]), demo=True))
Path(sys.argv[3]).write_bytes(press.refresh(Path(sys.argv[2]).read_bytes()).data)
"""
HANGS = 3_600  # seconds: pyHanko compares every pair of revisions, which takes minutes for 43 people
pytestmark = pytest.mark.soak


def at(moment: str | None, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command, with the clock at a moment where one is given."""
    before = ("timeout", str(HANGS), *(("faketime", moment) if moment else ()))  # ends its children too
    environment = {**os.environ, "TZ": "UTC", "PYTHONPATH": str(ROOT), **more}
    return subprocess.run([*before, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def demand_pass(script: Path, pdf: Path, root: Path, signatures: int, moment: str | None) -> None:
    """All 18 checks, veraPDF in 2031 too: Java runs under another clock as well."""
    done = at(moment, "bash", str(script), str(pdf), str(root), EXPECT_SIGS=str(signatures))
    if done.returncode == 2:
        pytest.skip(f"the independent verifier cannot run: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout
    assert "PASS 18/18" in done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_proved_today_and_in_2031_before_and_after_renewal(
    example: str, shared: Path, tmp_path: Path
) -> None:
    script = shared / "verify" / "verify_signed_pdf.sh"
    if not script.exists() or shutil.which("faketime") is None:
        pytest.skip("the independent verifier or faketime is not here")
    out, data = tmp_path / "out", tmp_path / "data"
    made = at(
        None, sys.executable, "-m", "dsa", "journey", str(ROOT / "examples" / f"{example}.json"), "--out", str(out),
        DSA_DATA_DIR=str(data),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    pdf, root = out / f"{example}.pdf", out / "root.pem"
    signatures = int(json.loads((out / f"{example}.timeline.json").read_text("utf-8"))["signatures"])
    demand_pass(script, pdf, root, signatures, None)
    demand_pass(script, pdf, root, signatures, "2031-01-01 00:00:00")
    for year in (2027, 2028):
        renewed = tmp_path / f"{year}.pdf"
        done = at(
            f"{year}-12-01 00:00:00", sys.executable, "-W", "ignore", "-c", RENEW, str(data), str(pdf), str(renewed)
        )
        assert done.returncode == 0, done.stderr
        pdf = renewed
    demand_pass(script, pdf, root, signatures, None)
    demand_pass(script, pdf, root, signatures, "2031-01-01 00:00:00")
