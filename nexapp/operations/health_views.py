"""Health for machines: balancers, the launcher, monitors."""

from __future__ import annotations

from flask import Response, jsonify

from nexapp.operations.blueprint import pages
from nexapp.operations.health import FAILING, NEEDED_TO_SERVE, Finding, examine, overall
from nexapp.spine.access import public
from nexapp.spine.clock import now


@pages.get("/health/live")
@public("tells that the process answers", unit=False)
def live() -> Response:
    return jsonify(status="ok")


@pages.get("/health/ready")
@public("tells a balancer whether to send people here", unit=False)
def ready() -> tuple[Response, int]:
    return _report(examine(*NEEDED_TO_SERVE))


@pages.get("/health")
@public("tells a monitor what works; holds no secret", unit=False)
def health() -> tuple[Response, int]:
    return _report(examine())


def _report(findings: dict[str, Finding]) -> tuple[Response, int]:
    status = overall(findings)
    body = jsonify(
        status=status,
        timestamp=now().isoformat(),
        checks={name: finding.shown() for name, finding in findings.items()},
    )
    return body, 503 if status == FAILING else 200
