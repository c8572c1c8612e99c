"""What has to be trusted to check a document, for anybody. One rule: it asks for no account."""

from flask import Blueprint
from werkzeug.wrappers import Response

from dsa.domain.checkpoints import read_key
from dsa.domain.errors import NotFound
from dsa.domain.published import Anchor
from dsa.services.context import TRUST
from dsa.web.access import public
from dsa.web.acting import context
from dsa.web.limits import limited
from dsa.web.page import page
from dsa.web.wording import gettext

blueprint = Blueprint("trust", __name__)
_WHY = "whoever checks a document needs the root certificate and its fingerprint"
_PEM = "application/x-pem-file"


@blueprint.get(TRUST)
@public(_WHY)
@limited("verify", times=30)
def show() -> tuple[str, int]:
    """The root certificate, earlier ones, those of the clocks, and the key of the log, each with its fingerprint."""
    return page("trust/trust.html", found=context().published(), back=("/verify", gettext("Check a document")))


@blueprint.get(f"{TRUST}/<name>")
@public(_WHY)
@limited("verify", times=30)
def as_file(name: str) -> Response:
    """One of them as a file. NotFound for what there is not."""
    found = context().published()
    files = {
        "root.pem": (found.root.pem if found.root else b"", _PEM),
        "root-earlier.pem": (_joined(found.earlier_roots), _PEM),
        "stamp-roots.pem": (_joined(found.stamp_roots), _PEM),
        "log-key.pem": (read_key(found.log_key).pem.encode() if found.log_key else b"", _PEM),
        "log-key.txt": (f"{found.log_key}\n".encode() if found.log_key else b"", "text/plain; charset=utf-8"),
    }
    data, media_type = files.get(name, (b"", ""))
    if not data:
        raise NotFound("There is no such file here. The page before it lists those that there are.")
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _joined(anchors: tuple[Anchor, ...]) -> bytes:
    return b"".join(each.pem for each in anchors)
