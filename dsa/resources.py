"""Where templates and workflow files lie. One rule: a department's own directory wins over what is shipped.

The search order is the directory that a setting names, then what the wheel carries (``dsa/_bundled``), then the
checkout beside the package.
"""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The directory of the shipped templates."""
    return _shipped("templates")


def templates_override() -> Path | None:
    """A department's own templates (``DSA_TEMPLATES_DIR``), looked in before the shipped ones."""
    return _override("DSA_TEMPLATES_DIR")


def workflows_dir() -> Path:
    """The directory of workflow and form files: a department's own (``DSA_WORKFLOWS_DIR``) or the shipped one."""
    return _override("DSA_WORKFLOWS_DIR") or _shipped("workflows")


def _shipped(name: str) -> Path:
    bundled = _PACKAGE / "_bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name


def _override(variable: str) -> Path | None:
    named = os.environ.get(variable, "").strip()
    return Path(named) if named else None
