"""Whether the service can take requests. One rule: an answer of 200 means that the database answered just now."""

import logging
from datetime import timedelta

from flask import Blueprint, Response, jsonify

from dsa import __version__
from dsa.composition import signer_answers
from dsa.persistence.health import HealthProblem, check_database, last_turn, oldest_waiting, waiting_jobs
from dsa.web.access import public
from dsa.web.composition import services

blueprint = Blueprint("health", __name__)
log = logging.getLogger("dsa.web")
_BEHIND = timedelta(minutes=10)


@blueprint.get("/health")
@public("load balancers ask without an account; it tells nothing about agreements")
def health() -> tuple[Response, int]:
    """200 with ``database``, ``jobs``, ``signer`` and ``version``; 503 with the reason otherwise.

    Without its signer the service takes requests all the same: everything but a signature goes on.
    """
    try:
        migration = check_database(services().database)
        waiting = waiting_jobs(services().database)
        now = services().true_clock()
        since, seen = oldest_waiting(services().database, now=now), last_turn(services().database)
    except HealthProblem as problem:
        log.warning("not healthy: %s", problem)
        return jsonify(database=str(problem), jobs="unknown", version=__version__), 503
    late = (since is not None and now - since > _BEHIND) or (seen is not None and now - seen > _BEHIND)
    jobs = "behind: is `dsa worker` running?" if late else "ok"
    signer = "ok" if signer_answers(services().settings) else "does not answer: is `dsa signer` running?"
    return jsonify(
        database="ok", migration=migration, jobs=jobs, signer=signer, waiting=waiting, version=__version__
    ), 200
