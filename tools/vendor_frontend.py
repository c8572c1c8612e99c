"""Fetch the pinned govuk-frontend package and keep what the pages need: one style sheet, one script, the licence.

For maintainers, who run ``python tools/vendor_frontend.py`` and commit the result; nobody else needs Node or npm's
registry. One rule: no crown, no crest and no GDS Transport get in, because this service is not GOV.UK.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "6.3.0"  # the version that govuk-frontend-jinja 4.1.0 was made for: move both together
INTEGRITY = "cXIQxm5PHCsbic47GXZrVBZhAeeshTLRL6ZBKilLsR6rMCjJuWb7Fruq0VUNMBJFlJk/srsRj/q8d5bM9cgKoA=="
TARGET = Path(__file__).resolve().parent.parent / "dsa/web/static/vendor/govuk-frontend"
FONT = "Arial,Helvetica,sans-serif"
LICENCE = """The MIT License (MIT)

Copyright (c) 2017 Crown Copyright (Government Digital Service)

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def main() -> None:
    """Fetch, check, clean and write."""
    with tempfile.TemporaryDirectory() as folder:
        tarball = fetch(Path(folder))
        with tarfile.open(tarball) as archive:
            css = read(archive, "package/dist/govuk/govuk-frontend.min.css")
            script = read(archive, "package/dist/govuk/govuk-frontend.min.js")
            licence = json.loads(read(archive, "package/package.json"))["license"]
    if licence != "MIT":
        sys.exit(f"The licence is now {licence}: read it before going on.")
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "govuk-frontend.min.css").write_text(clean_css(css), encoding="utf-8")
    (TARGET / "govuk-frontend.min.js").write_text(without_map(script), encoding="utf-8")
    (TARGET / "LICENSE.txt").write_text(LICENCE, encoding="utf-8")
    (TARGET / "VERSION").write_text(
        f"govuk-frontend {VERSION}, sha512 {INTEGRITY}\nChanged by tools/vendor_frontend.py: "
        "no fonts, no crest, no source maps.\n",
        encoding="utf-8",
    )
    print(f"govuk-frontend {VERSION} is in {TARGET}")


def fetch(folder: Path) -> Path:
    """The package's tarball, by npm's ordinary client, checked against the hash above."""
    subprocess.run(["npm", "pack", f"govuk-frontend@{VERSION}"], cwd=folder, check=True, capture_output=True)
    (tarball,) = folder.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        sys.exit(f"The package is not the one that was checked: sha512 {found}")
    return tarball


def read(archive: tarfile.TarFile, name: str) -> str:
    """One text file of the package."""
    member = archive.extractfile(name)
    if member is None:
        sys.exit(f"The package has no {name}.")
    return member.read().decode()


def without_map(text: str) -> str:
    """The text without its reference to a source map."""
    return re.sub(r"\s*(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)\s*$", "\n", text)


def clean_css(css: str) -> str:
    """The style sheet without font files and crest, in plain fonts; refuses to go on while anything is left of them."""
    css = re.sub(r"@font-face\s*\{[^}]*\}", "", without_map(css))
    css = re.sub(r'font-family:\s*"?GDS Transport"?[^;}]*', f"font-family:{FONT}", css)
    css = re.sub(r"[^{}]*\{[^{}]*crest[^{}]*\}", "", css)
    for word in ("GDS Transport", "@font-face", "crest", "url("):
        if word in css:
            sys.exit(f"The style sheet still holds {word!r}.")
    return css


if __name__ == "__main__":
    main()
