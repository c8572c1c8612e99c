"""Headers of every answer. One rule: the strictest content policy that the pages run under, on every page alike."""

import secrets

from flask import Flask, Response, g, request

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR = 365 * 24 * 60 * 60


def csp_nonce() -> str:
    """This answer's nonce: new for each request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    nonce: str = g.csp_nonce
    return nonce


def install_headers(app: Flask, *, https: bool) -> None:
    """Add the security headers to every answer, and keep pages out of every cache."""

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = _POLICY.format(nonce=csp_nonce())
        if https:
            response.headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
        if request.endpoint == "static":
            response.headers["Cache-Control"] = (
                f"public, max-age={_YEAR}, immutable" if "v" in request.args else "no-cache"
            )
        else:
            response.headers["Cache-Control"] = "no-store"
        return response
