"""How the simulated Google Calendar refuses: its own shape of error, as an exception that any part may raise."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from bookingbridge.canonical.ports import Json


class Refusal(Exception):
    """The request is answered with this."""

    def __init__(self, status: int, reason: str, message: str, *, domain: str = "global", info: str = "") -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.domain, self.info = status, reason, message, domain, info

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        entry = {"domain": self.domain, "reason": self.reason, "message": self.message}
        error: Json = {"errors": [entry], "code": self.status, "message": self.message}
        if self.info:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": self.info, "domain": "googleapis.com"}]
        return JSONResponse({"error": error}, status_code=self.status, headers=dict(headers or {}))


def invalid(message: str, reason: str = "invalid") -> Refusal:
    return Refusal(400, reason, message)


def not_found() -> Refusal:
    return Refusal(404, "notFound", "Not Found")


def too_fast(status: int = 429, reason: str = "rateLimitExceeded") -> Refusal:
    return Refusal(status, reason, "Rate Limit Exceeded", domain="usageLimits")


def broken() -> Refusal:
    return Refusal(500, "backendError", "Backend Error")


def signed_out() -> Refusal:
    return Refusal(401, "authError", "Invalid Credentials")


def no_permission() -> Refusal:
    message = "Request had insufficient authentication scopes."
    return Refusal(403, "insufficientPermissions", message, info="ACCESS_TOKEN_SCOPE_INSUFFICIENT")
