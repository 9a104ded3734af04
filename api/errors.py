"""Every error that leaves the interface: one shape, words to act on, no traceback."""

import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from analytics.records import RecordMissing, RecordsError, RecordsRefused
from collector.history.schema import HistoryError


class BothTable(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class ErrorTable(BaseModel):
    """The one shape that errors have."""

    title: BothTable
    detail: str


ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {
        "description": "no HTTP that can be read, or far too long",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    401: {"model": ErrorTable, "description": "nobody is logged in, or no longer"},
    403: {"model": ErrorTable, "description": "the caller may not do this, or signed wrongly"},
    404: {"model": ErrorTable, "description": "no such record or tag"},
    409: {"model": ErrorTable, "description": "the record refuses the change"},
    422: {"model": ErrorTable, "description": "the request is not understood"},
    429: {"model": ErrorTable, "description": "too many wrong passwords; see Retry-After"},
    503: {"model": ErrorTable, "description": "history or records cannot be used now"},
}


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The request cannot be served as it stands."""

    def __init__(
        self, status: int, zh: str, en: str, *, wait_s: float = 0.0, detail: str = ""
    ) -> None:
        self.status = status
        self.zh = zh
        self.en = en
        self.wait_s = wait_s
        self.detail = detail
        super().__init__(en)


def answer(
    status: int, zh: str, en: str, detail: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the one shape that errors have."""
    shape = {"title": {"zh": zh, "en": en}, "detail": detail}
    return JSONResponse(shape, status_code=status, headers=headers)


def install_errors(app: FastAPI) -> None:
    """Have every known error answered in the one shape."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        wait = {"retry-after": str(math.ceil(error.wait_s))} if error.wait_s else {}
        return answer(error.status, error.zh, error.en, error.detail, wait)

    @app.exception_handler(RecordMissing)
    async def missing(_: Request, error: RecordMissing) -> JSONResponse:
        return answer(404, error.reason.zh, error.reason.en)

    @app.exception_handler(RecordsRefused)
    async def conflict(_: Request, error: RecordsRefused) -> JSONResponse:
        return answer(409, error.reason.zh, error.reason.en)

    @app.exception_handler(RecordsError)
    async def unkept(_: Request, error: RecordsError) -> JSONResponse:
        return answer(503, "记录暂时无法保存", "records cannot be kept now", str(error))

    @app.exception_handler(HistoryError)
    async def unread(_: Request, error: HistoryError) -> JSONResponse:
        return answer(503, "历史库暂时无法读写", "the history cannot be used now", str(error))

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            f"{' '.join(str(step) for step in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        ]
        return answer(422, "请求有误", "the request is not understood", "; ".join(faults))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        # A body that is no text at all is as little understood as one that makes no sense.
        status = 422 if error.status_code == 400 else error.status_code
        return answer(status, "无法处理请求", str(error.detail))
