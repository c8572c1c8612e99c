"""The words of docs/words.md, and no others, wherever a person reads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# (file, phrase) that is right after all -> why
ALLOWED: dict[tuple[str, str], str] = {("workflows/bodies.yaml", "passport"): "HM Passport Office is a body's name"}


def banned() -> list[str]:
    """The second column of the table."""
    rows = [line.split("|") for line in (ROOT / "docs/words.md").read_text().splitlines() if line.startswith("| ")]
    return [phrase.strip() for row in rows[1:] for phrase in row[2].split(",")]


def shown(template: str) -> str:
    """What of a template can reach a person: its text and its strings, not its names, comments and markup."""
    template = re.sub(r"\{#.*?#\}", " ", template, flags=re.S)
    strings = " ".join(
        quoted
        for code in re.findall(r"\{[{%].*?[}%]\}", template, flags=re.S)
        for quoted in re.findall(r'"([^"]* [^"]*)"', code)
    )
    outside = re.sub(r"\{[{%].*?[}%]\}|<[^>]*>", " ", template, flags=re.S)
    return f"{outside} {strings}"


def messages(source: str) -> str:
    """The sentences of a Python module: strings of several words, without docstrings and comments."""
    source = re.sub(r'""".*?"""', " ", source, flags=re.S)
    source = re.sub(r"^\s*#.*$", " ", source, flags=re.M)
    source = re.sub(r"\{[^{}\n]*\}|%\(\w+\)\w", " ", source)
    return " ".join(re.findall(r'"([A-Z][^"\n]* [^"\n]*)"', source))


def texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield path.relative_to(ROOT).as_posix(), shown(path.read_text())
    for path in sorted((ROOT / "workflows").rglob("*.yaml")):
        yield path.relative_to(ROOT).as_posix(), " ".join(re.findall(r": +[\"']?([A-Z].* .*)", path.read_text()))
    for path in sorted((ROOT / "dsa").rglob("*.py")):
        if "persistence" in path.parts:
            continue  # its sentences are SQL
        yield path.relative_to(ROOT).as_posix(), messages(path.read_text())


@pytest.mark.parametrize("phrase", banned())
def test_a_word_that_people_do_not_use_is_nowhere_on_the_screen(phrase: str) -> None:
    word = re.compile(rf"\b{re.escape(phrase)}s?\b", re.I)
    found = [
        f"{name}: …{text[max(0, hit.start() - 40) : hit.end() + 40]}…"
        for name, text in texts()
        for hit in word.finditer(text)
    ]
    assert not [each for each in found if (each.split(":")[0], phrase) not in ALLOWED], found


def test_the_ban_would_find_a_banned_word() -> None:
    assert "gate" in banned()
    assert "gate" in shown('<p class="gate">{{ gate }} The gate {# gate #}</p>').split()
    assert shown('<p class="gate">{{ gate }}{# a gate #}</p>').split() == []
    assert "gate" in messages('x = Refusal("This gate is shut.")\n')


def test_every_allowance_still_stands_for_something() -> None:
    assert all((ROOT / Path(name)).exists() and why for (name, _phrase), why in ALLOWED.items())
