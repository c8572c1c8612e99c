"""Whether the service can take requests. One rule: an answer of 200 means that the database answered just now."""

import logging

from flask import Blueprint, Response, jsonify

from dsa import __version__
from dsa.persistence.health import HealthProblem, check_database, waiting_jobs
from dsa.web.access import public
from dsa.web.composition import services

blueprint = Blueprint("health", __name__)
log = logging.getLogger("dsa.web")


@blueprint.get("/health")
@public("load balancers ask without an account; it tells nothing about agreements")
def health() -> tuple[Response, int]:
    """200 with ``database``, ``jobs`` and ``version``; 503 with the reason otherwise."""
    try:
        migration = check_database(services().database)
        waiting = waiting_jobs(services().database)
    except HealthProblem as problem:
        log.warning("not healthy: %s", problem)
        return jsonify(database=str(problem), jobs="unknown", version=__version__), 503
    return jsonify(database="ok", migration=migration, jobs="ok", waiting=waiting, version=__version__), 200
