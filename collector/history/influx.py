"""Writes lines to one InfluxDB; the only module that knows the client."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

NO_ANSWER = 0
STORED = 204
UNAUTHORIZED = 401
CONNECT_MS = 5_000
ANSWER_MS = 15_000
WORDS_AT_MOST = 300
# Lines shrink to a fifth at the quickest level; the client's own gzip takes ten times as long.
GZIP_LEVEL = 1
GZIP_FORM = 31


class InfluxSettingsError(Exception):
    """The settings of InfluxDB cannot be used; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where samples are sent; the token never shows in text."""

    url: str
    token: str = field(repr=False)
    org: str = "ropewatch"
    bucket: str = "ropewatch"
    token_file: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one write: `status` is `NO_ANSWER` where it said nothing."""

    status: int
    words: str = ""
    retry_after_s: float | None = None


def settings_from(environment: Mapping[str, str]) -> InfluxSettings | None:
    """Return the settings in INFLUXDB_URL, _TOKEN or _TOKEN_FILE, _ORG and _BUCKET.

    None without a URL: then nothing is sent. InfluxSettingsError where they are unfit.
    """
    url = environment.get("INFLUXDB_URL", "").strip().rstrip("/")
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        message = "INFLUXDB_URL must begin with http:// or https://"
        raise InfluxSettingsError(message)
    org = environment.get("INFLUXDB_ORG") or "ropewatch"
    bucket = environment.get("INFLUXDB_BUCKET") or "ropewatch"
    path = "" if environment.get("INFLUXDB_TOKEN") else environment.get("INFLUXDB_TOKEN_FILE", "")
    return InfluxSettings(url, _token(environment), org, bucket, path)


def with_new_token(settings: InfluxSettings) -> InfluxSettings:
    """Return the settings with the token that its file holds now; themselves if that is no news."""
    try:
        token = _token({"INFLUXDB_TOKEN_FILE": settings.token_file})
    except InfluxSettingsError:
        return settings
    return settings if token == settings.token else replace(settings, token=token)


def _token(environment: Mapping[str, str]) -> str:
    token, source = environment.get("INFLUXDB_TOKEN", "").strip(), "INFLUXDB_TOKEN"
    path = environment.get("INFLUXDB_TOKEN_FILE", "")
    if not token and path:
        source = f"INFLUXDB_TOKEN_FILE {path}"
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            message = f"{source}: cannot be read ({error}); give the token's file or unset it"
            raise InfluxSettingsError(message) from error
    if not token:
        message = "INFLUXDB_URL is set but no token: give INFLUXDB_TOKEN or INFLUXDB_TOKEN_FILE"
        raise InfluxSettingsError(message)
    if not (token.isascii() and token.isprintable()) or " " in token:
        message = f"{source}: not a token: it must be one line of plain letters and signs"
        raise InfluxSettingsError(message)
    return token


class InfluxServer:
    """One InfluxDB: writes lines, compressed and unbatched, and tells what it answered.

    `write` blocks and is meant for a worker thread, one call at a time; it never raises
    for what a server or a network can do.
    """

    def __init__(self, settings: InfluxSettings) -> None:
        self.url = settings.url
        self._open(settings)

    def _open(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = InfluxDBClient(
            url=settings.url,
            token=settings.token,
            org=settings.org,
            timeout=(CONNECT_MS, ANSWER_MS),
        )
        # Never the batching mode: it loses points in an outage without a word.
        self._api = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]

    def write(self, lines: Sequence[str]) -> Answer:
        """Send `lines` in one request and return the server's answer."""
        try:
            self._api.post_write(  # type: ignore[no-untyped-call] # the client has no types
                self._settings.org,
                self._settings.bucket,
                _squeezed("\n".join(lines).encode()),
                content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
                precision="ns",
            )
        except ApiException as error:
            return self._refusal(error)
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            return Answer(NO_ANSWER, self._clean(f"{type(error).__name__}: {error}"))
        return Answer(self._client.api_client.last_response.status)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()  # type: ignore[no-untyped-call] # has no types

    def _refusal(self, error: ApiException) -> Answer:
        words = self._clean(str(error.message or error.reason or ""))
        if error.status == UNAUTHORIZED:
            self._take_up_new_token()
        return Answer(int(error.status or NO_ANSWER), words, _seconds(error.retry_after))

    def _take_up_new_token(self) -> None:
        """Use what the token's file holds now, if it is another; the next write goes with it."""
        settings = with_new_token(self._settings)
        if settings is not self._settings:
            self.close()
            self._open(settings)

    def _clean(self, words: str) -> str:
        hidden = words.replace(self._settings.token, "***")
        return " ".join(hidden.split())[:WORDS_AT_MOST]


def _squeezed(body: bytes) -> bytes:
    squeezer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_FORM)
    return squeezer.compress(body) + squeezer.flush()


def _seconds(header: str | None) -> float | None:
    """Return a Retry-After in seconds; one that names a date is left to our own pace."""
    try:
        seconds = float(header) if header else None
    except ValueError:
        return None
    return seconds if seconds is not None and math.isfinite(seconds) and seconds >= 0 else None
