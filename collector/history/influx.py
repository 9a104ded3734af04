"""Renders scans as InfluxDB lines and writes them; the only module that knows the client."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from collector.model import Quality, Scan

NO_ANSWER = 0
STORED = 204
QUALITY_SUFFIX = "_quality"
CONNECT_MS = 5_000
ANSWER_MS = 15_000
WORDS_AT_MOST = 300


class InfluxSettingsError(Exception):
    """The settings of InfluxDB cannot be used; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where samples are sent; the token never shows in text."""

    url: str
    token: str = field(repr=False)
    org: str = "ropewatch"
    bucket: str = "ropewatch"


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
    return InfluxSettings(url, _token(environment), org, bucket)


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


class LineRenderer:
    """Turns a scan into lines: measurement by display group, one field per quantity.

    `site` becomes a tag of every line, `tag_ids` names the tag of each slot, `groups`
    the display group of each tag id; a tag that the site file no longer knows goes to
    the measurement "process".
    """

    def __init__(self, site: str, tag_ids: Mapping[int, str], groups: Mapping[str, str]) -> None:
        self._site = _escape(_plain(site))
        self._tag_ids = tag_ids
        self._groups = groups
        self._places: dict[tuple[str, int], tuple[str, str, str]] = {}

    def render(self, device: str, scan: Scan) -> list[str]:
        """Return one line per measurement, place and source time, with all its fields.

        A number is always a float. A sample that is not good has its quality code in
        `<quantity>_quality` as well, and nothing else where there is no number.
        """
        lines: dict[tuple[str, int], dict[str, str]] = {}
        columns = zip(
            scan.slots.tolist(),
            scan.values.tolist(),
            scan.quality.tolist(),
            scan.source_ns.tolist(),
            strict=True,
        )
        for slot, value, quality, source_ns in columns:
            place = self._places.get((device, slot)) or self._find_place(device, slot)
            series, quantity, quality_field = place
            fields = lines.setdefault((series, source_ns), {})
            number = math.isfinite(value)
            if number:
                fields[quantity] = f"{quantity}={value!r}"
            if quality or not number:
                code = float(quality or Quality.BAD_NOT_A_NUMBER)
                fields[quality_field] = f"{quality_field}={code!r}"
        return [
            f"{series} {','.join(fields.values())} {source_ns}"
            for (series, source_ns), fields in lines.items()
        ]

    def _find_place(self, device: str, slot: int) -> tuple[str, str, str]:
        tag_id = self._tag_ids[slot]
        ropeway, place, quantity = map(_escape, tag_id.split("."))
        group = _escape(self._groups.get(tag_id, "process"))
        # Tags in the order of their names: the server need not sort them.
        series = (
            f"{group},device={_escape(device)},place={place},ropeway={ropeway},site={self._site}"
        )
        found = (series, quantity, f"{quantity}{QUALITY_SUFFIX}")
        self._places[device, slot] = found
        return found


def split_fields(line: str) -> list[str]:
    """Return a rendered line as lines of one field each: one bad field takes no other along.

    A field's name and number hold neither blank nor comma, by the form of tag ids.
    """
    series, fields, source_ns = line.rsplit(" ", 2)
    return [f"{series} {field} {source_ns}" for field in fields.split(",")]


def _plain(text: str) -> str:
    """Return `text` without what no escape can carry in a tag."""
    return " ".join(text.replace("\\", "/").split()) or "site"


def _escape(text: str) -> str:
    return text.replace(",", r"\,").replace("=", r"\=").replace(" ", r"\ ")


class InfluxServer:
    """One InfluxDB: writes lines, compressed and unbatched, and tells what it answered.

    `write` blocks and is meant for a worker thread, one call at a time; it never raises
    for what a server or a network can do.
    """

    def __init__(self, settings: InfluxSettings) -> None:
        self.url = settings.url
        self._settings = settings
        self._client = InfluxDBClient(
            url=settings.url,
            token=settings.token,
            org=settings.org,
            enable_gzip=True,
            timeout=(CONNECT_MS, ANSWER_MS),
        )
        # Never the batching mode: it loses points in an outage without a word.
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: Sequence[str]) -> Answer:
        """Send `lines` in one request and return the server's answer."""
        body = "\n".join(lines).encode()
        try:
            self._api.write(self._settings.bucket, self._settings.org, body)
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
        return Answer(int(error.status or NO_ANSWER), words, _seconds(error.retry_after))

    def _clean(self, words: str) -> str:
        hidden = words.replace(self._settings.token, "***")
        return " ".join(hidden.split())[:WORDS_AT_MOST]


def _seconds(header: str | None) -> float | None:
    """Return a Retry-After in seconds; one that names a date is left to our own pace."""
    try:
        seconds = float(header) if header else None
    except ValueError:
        return None
    return seconds if seconds is not None and math.isfinite(seconds) and seconds >= 0 else None
