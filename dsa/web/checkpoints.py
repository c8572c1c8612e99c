"""The checkpoints of the audit log, public. One rule: whoever keeps one needs no account to compare it."""

from flask import Blueprint, Response, jsonify, request

from dsa.services import checkpoints_page
from dsa.web.access import public
from dsa.web.acting import context
from dsa.web.addresses import row_number
from dsa.web.limits import limited
from dsa.web.page import page
from dsa.web.wording import gettext

blueprint = Blueprint("checkpoints", __name__)
_WHY = "whoever holds a checkpoint of the log may compare it without an account"
_LARGEST = 2**31 - 1


@blueprint.get("/checkpoints")
@public(_WHY)
def show() -> tuple[str, int]:
    """The newest checkpoints, the key, and when the log was last checked."""
    found = checkpoints_page.checkpoints_page(context(), before=_number("before"))
    return page("checkpoints/list.html", found=found)


@blueprint.get("/checkpoints.json")
@public(_WHY)
@limited("checkpoints", times=120)
def as_json() -> Response:
    """The same as data."""
    return jsonify(checkpoints_page.checkpoints_page(context(), before=_number("before")).as_json())


@blueprint.get("/checkpoints/<int:number>")
@public(_WHY)
def one(number: int) -> tuple[str, int]:
    """One checkpoint, as it was sent."""
    found = checkpoints_page.one_checkpoint(context(), min(number, _LARGEST))
    return page("checkpoints/one.html", found=found, back=("/checkpoints", gettext("All checkpoints")))


@blueprint.get("/checkpoints/<int:number>.txt")
@public(_WHY)
@limited("checkpoints", times=120)
def text(number: int) -> Response:
    """One checkpoint as a file."""
    found = checkpoints_page.one_checkpoint(context(), min(number, _LARGEST))
    answer = Response(found.note, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="checkpoint-{found.number}.txt"'
    return answer


@blueprint.get("/checkpoints/consistency")
@public(_WHY)
@limited("checkpoints", times=120)
def consistency() -> Response:
    """The proof that a longer log continues a shorter one (RFC 6962, section 2.1.2)."""
    old, new = _number("old"), _number("new")
    return jsonify(checkpoints_page.consistency(context(), -1 if old is None else old, -1 if new is None else new))


def _number(name: str) -> int | None:
    value = request.args.get(name, type=row_number)
    return None if value is None else max(-1, min(value, _LARGEST))
