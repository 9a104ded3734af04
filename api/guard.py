"""Refuse requests that another site's page makes in this browser's name."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.datastructures import Headers

from api.errors import answer

SAFE = ("GET", "HEAD", "OPTIONS")
# The screens load nothing from elsewhere and stand in nobody's frame; charts set styles.
ALWAYS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def same_origin(headers: Headers) -> bool:
    """Return whether the request comes from our own page, or from no page at all."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    return origin.split("://", 1)[-1] == headers.get("host", "")


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Let a changing request through only from our own page or from no page."""
    if request.method not in SAFE and not same_origin(request.headers):
        return answer(403, "请求来自其他网站", "the request comes from another site")
    response = await call_next(request)
    response.headers.update(ALWAYS)
    return response
