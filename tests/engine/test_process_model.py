"""The process as it was seen, from rows. One rule: a piece of work has one name, and one phase has it."""

from dsa.insight.process_fit import Piece
from dsa.services.process_model import _told_apart


def test_work_that_two_stages_have_under_one_name_is_told_apart() -> None:
    pieces = [
        Piece(1, "sign_off", 1, "legal:ours", "", 5.0, 7.0, True),
        Piece(1, "review", 1, "legal:ours", "", 0.0, 5.0, True),
        Piece(2, "sign_off", 1, "sign:ours", "", 0.0, 5.0, True),
    ]
    names = [piece.name for piece in _told_apart(pieces, ("drafting", "review", "sign_off"))]
    assert names == ["sign_off/legal:ours", "legal:ours", "sign:ours"]
