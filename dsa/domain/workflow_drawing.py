"""Drawing a workflow: as Mermaid text and as an SVG picture that can be read aloud.

One rule: a drawing is made of the validated definition alone, the same bytes each time; no other program is needed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from dsa.domain.workflow import ROLES, Stage, Workflow
from dsa.domain.workflow_walking import edges

_WIDTH, _ROW, _GAP, _LEFT, _TOP = 600, 22, 46, 170, 96
_CLEAR, _LANE = 26, 14


def as_mermaid(workflow: Workflow) -> str:
    """The workflow as a Mermaid flow chart: boxes for stages, solid arrows for moves, dashed for what follows tasks."""
    lines = ["flowchart TD"]
    for stage in workflow.stages:
        text = "<br>".join([_plain(stage.title), *(_plain(_task_line(stage, n)) for n in range(len(stage.tasks)))])
        shape = f'(["{text}"])' if stage.final else f'["{text}"]'
        lines.append(f"    {stage.id}{shape}")
    for way in _ways(workflow):
        arrow = "-.->" if way.follows else "-->"
        lines.append(f'    {way.source} {arrow}|"{_plain(way.says)}"| {way.dest}')
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Way:
    """An arrow: from stage to stage, what takes it there, and whether it follows from tasks by itself."""

    source: str
    dest: str
    says: str
    follows: bool


def _ways(workflow: Workflow) -> list[_Way]:
    """One arrow for each pair of stages and kind, with everything that takes it there."""
    says: dict[tuple[str, str, bool], list[str]] = {}
    onward = {(stage.id, way.to) for stage in workflow.stages for way in stage.then}
    titles = {move.title for move in workflow.moves}
    for source, dest, text in edges(workflow):
        follows = text not in titles and (source, dest) in onward
        wording = _in_words(text) if follows else text
        if source != dest:
            says.setdefault((source, dest, follows), []).append(wording)
    return [_Way(source, dest, "; ".join(words), follows) for (source, dest, follows), words in says.items()]


def _in_words(text: str) -> str:
    return " and ".join(_WORDS.get(word, word.replace("_", " ")) for word in text.split(" and "))


_WORDS: Mapping[str, str] = {
    "complete": "all tasks done",
    "changes_requested": "changes asked for",
    "blocked": "a blocker",
    "declined": "a party says no",
    "board_needed": "a board must decide",
}


def _task_line(stage: Stage, number: int) -> str:
    rule = stage.tasks[number]
    return f"{rule.title} ({ROLES.get(rule.role, rule.role)}, {_PER[rule.per]})"


_PER: Mapping[str, str] = {
    "agreement": "once",
    "lead": "lead party",
    "parties": "each party",
    "signing_parties": "each signing party",
    "other_signing_parties": "each other signing party",
    "disclosers": "each party that discloses",
    "signatories": "each signatory",
}


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("<", "‹").replace(">", "›").replace("\n", " ")


# The picture


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a stage stands in the picture."""

    stage: Stage
    top: int
    height: int

    @property
    def middle(self) -> int:
        return self.top + self.height // 2


def as_svg(workflow: Workflow) -> str:
    """The workflow as one SVG picture: stages from top to bottom, ways onward on the right, ways back on the left.

    It carries a title and a description in words, so that it says the same to somebody who cannot see it.
    """
    boxes = _boxes(workflow)
    ways = _ways(workflow)
    drawn = _drawn(workflow, ways)
    right = _lanes(boxes, [way for way in drawn if _forward(boxes, way)])
    left = _lanes(boxes, [way for way in drawn if not _forward(boxes, way)])
    edge = _LEFT + _WIDTH
    words = edge + _CLEAR + (max((lane for _, lane in right), default=0) + 1) * _LANE + 12
    parts = [_head(workflow, ways, words + 620, max(box.top + box.height for box in boxes.values()) + 60)]
    parts += [_box(box) for box in boxes.values()]
    parts += [_arrow(boxes, way, edge + _CLEAR + lane * _LANE, edge, 1) for way, lane in right]
    parts += [_arrow(boxes, way, _LEFT - _CLEAR - lane * _LANE, _LEFT, -1) for way, lane in left]
    parts += _captions(boxes, ways, words)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _drawn(workflow: Workflow, ways: Iterable[_Way]) -> list[_Way]:
    """The ways that get an arrow: not those to an end that many stages lead to, which would hide the others."""
    finals = {stage.id for stage in workflow.stages if stage.final}
    kept = list(ways)
    many = {way.dest for way in kept if way.dest in finals and sum(w.dest == way.dest for w in kept) > 2}
    return [way for way in kept if way.dest not in many]


def _boxes(workflow: Workflow) -> dict[str, _Box]:
    found, top = {}, _TOP
    for stage in workflow.stages:
        height = 44 + _ROW * len(stage.tasks)
        found[stage.id] = _Box(stage, top, height)
        top += height + _GAP
    return found


def _forward(boxes: Mapping[str, _Box], way: _Way) -> bool:
    return boxes[way.dest].top > boxes[way.source].top


def _lanes(boxes: Mapping[str, _Box], ways: Iterable[_Way]) -> list[tuple[_Way, int]]:
    """Each way with the first lane in which it crosses no other; short ways come nearest to the stages."""

    def span(way: _Way) -> tuple[int, int]:
        ends = sorted((boxes[way.source].middle, boxes[way.dest].middle))
        return ends[0], ends[1]

    taken: list[list[tuple[int, int]]] = []
    found = []
    for way in sorted(ways, key=lambda w: (span(w)[1] - span(w)[0], span(w)[0], w.says)):
        low, high = span(way)
        for number, lane in enumerate(taken):
            if all(high + 8 < other[0] or low - 8 > other[1] for other in lane):
                lane.append((low, high))
                found.append((way, number))
                break
        else:
            taken.append([(low, high)])
            found.append((way, len(taken) - 1))
    return found


def _head(workflow: Workflow, ways: Iterable[_Way], width: int, height: int) -> str:
    titles = {stage.id: stage.title for stage in workflow.stages}
    words = " ".join(f"{titles[w.source]} leads to {titles[w.dest]}: {w.says}." for w in ways)
    name = f"{workflow.title}, version {workflow.version}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title description" font-family="Arial, Helvetica, sans-serif">\n'
        f'<title id="title">{escape(name)}</title>\n'
        f'<desc id="description">{escape(words)}</desc>\n'
        '<defs><marker id="point" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        'orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#505a5f"/></marker></defs>\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="{_LEFT}" y="40" font-size="24" font-weight="bold" fill="#0b0c0c">{escape(name)}</text>\n'
        f'<text x="{_LEFT}" y="66" font-size="15" fill="#505a5f">'
        "Solid: a person's move. Dashed: follows by itself when tasks are done. On the left: the way back.</text>"
    )


def _box(box: _Box) -> str:
    stage = box.stage
    radius, fill = (22, "#f3f2f1") if stage.final else (3, "#ffffff")
    target = ", ".join(f"{days} working days" for days in dict.fromkeys(stage.targets.values()))
    lines = [
        f'<rect x="{_LEFT}" y="{box.top}" width="{_WIDTH}" height="{box.height}" rx="{radius}" fill="{fill}" '
        'stroke="#1d70b8" stroke-width="2"/>',
        f'<text x="{_LEFT + 16}" y="{box.top + 28}" font-size="18" font-weight="bold" fill="#0b0c0c">'
        f"{escape(stage.title)}</text>",
    ]
    if target:
        lines.append(
            f'<text x="{_LEFT + _WIDTH - 16}" y="{box.top + 28}" font-size="14" text-anchor="end" fill="#505a5f">'
            f"{escape(target)}</text>"
        )
    for number in range(len(stage.tasks)):
        lines.append(
            f'<text x="{_LEFT + 16}" y="{box.top + 52 + number * _ROW}" font-size="14" fill="#0b0c0c">'
            f"{escape(_shortened(_task_line(stage, number), 88))}</text>"
        )
    return "\n".join(lines)


def _arrow(boxes: Mapping[str, _Box], way: _Way, lane: int, edge: int, side: int) -> str:
    start, end = boxes[way.source].middle + 6 * side, boxes[way.dest].middle - 6 * side
    dashes = ' stroke-dasharray="6 4"' if way.follows else ""
    return (
        f'<path d="M{edge} {start}H{lane}V{end}H{edge}" fill="none" stroke="#505a5f" stroke-width="1.5"{dashes} '
        f'marker-end="url(#point)"><title>{escape(way.says)}</title></path>'
    )


def _captions(boxes: Mapping[str, _Box], ways: Iterable[_Way], left: int) -> list[str]:
    """What leads out of each stage, beside it: never more lines than there is room for, the rest in one."""
    found: dict[str, list[str]] = {}
    for way in sorted(ways, key=lambda one: boxes[one.dest].top):
        found.setdefault(way.source, []).append(f"{_shortened(way.says, 52)} → {boxes[way.dest].stage.title}")
    lines = []
    for stage, texts in found.items():
        box = boxes[stage]
        room = max(1, (box.height + _GAP - 8) // 17)
        shown = texts if len(texts) <= room else [*texts[: room - 1], "; ".join(texts[room - 1 :])]
        for number, text in enumerate(shown):
            lines.append(
                f'<text x="{left}" y="{box.top + 14 + number * 17}" font-size="13" fill="#505a5f">'
                f"{escape(_shortened(text, 88))}</text>"
            )
    return lines


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
