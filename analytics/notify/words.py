"""What the messages say: Chinese first, then English; where, how grave, what to do, when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from analytics.duty import local_time
from analytics.model import Alarm
from analytics.notify.plan import Call, Message
from collector.model import Quality
from collector.site import Name, Plant

MOST_BYTES = 1900
"""A WeCom robot takes 2,048 bytes of text; what is longer is cut at whole lines."""

MOST_LISTED = 8

SIMULATED = "【模拟 SIMULATED】"
PRIORITIES = {
    1: Name(zh="一级报警", en="P1"),
    2: Name(zh="二级报警", en="P2"),
    3: Name(zh="三级报警", en="P3"),
}
TRUST = {
    "good": Name(zh="可信", en="good"),
    "uncertain": Name(zh="存疑", en="uncertain"),
    "bad": Name(zh="不可信", en="bad"),
}
WHOLE_SITE = Name(zh="全场", en="whole site")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tag shows now."""

    value: float
    quality: Quality


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says: one line, and the whole."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Put alarms of one plant into words; `now` holds the newest reading of their tags."""

    plant: Plant
    zone: ZoneInfo

    def say(self, message: Message, now: Mapping[str, Reading], beyond: int = 0) -> Words:
        """Return the words of a message about one alarm, or about many.

        `beyond` is how many more alarms there are that it does not speak of.
        """
        calls = [due.call for due in message.dues]
        if len(calls) == 1 and not beyond:
            return self._one(calls[0], now, message.dues[0].step)
        return self._many(calls, beyond)

    def test(self, channel: Name, at_ns: int) -> Words:
        """Return the words of a test message."""
        site = self.plant.site.name
        at = self._at(at_ns)
        zh = f"{self._mark()}{site.zh} 通知通道每日测试：{channel.zh}"
        lines = (
            zh,
            f"收到即表示通道正常，无须处置。{at}",
            "",
            f"Daily test of channel {channel.en} at {site.en}.",
            f"It arrived, so the channel works; nothing to do. {at}",
        )
        return Words(zh, "\n".join(lines))

    def _one(self, call: Call, now: Mapping[str, Reading], step: int) -> Words:
        alarm = call.alarm
        way = self._way(alarm)
        title = f"{self._mark()}{PRIORITIES[alarm.priority].zh} {way.zh} {self._what(alarm).zh}"
        chinese = [
            title,
            f"场站：{self.plant.site.name.zh}",
            *self._reading(alarm, now, "zh"),
            f"处置：{alarm.guidance.response.zh}（{_within(alarm).zh}）",
            f"后果：{alarm.guidance.consequence.zh}",
            *([f"同因报警：{call.folded} 条"] if call.folded else []),
            *(["前一级值班未确认，升级通知"] if step else []),
            f"时间：{self._at(alarm.raised_ns)}",
        ]
        english = [
            f"{PRIORITIES[alarm.priority].en} {way.en}: {self._what(alarm).en}",
            *self._reading(alarm, now, "en"),
            f"Do: {alarm.guidance.response.en} ({_within(alarm).en})",
            f"Else: {alarm.guidance.consequence.en}",
            *([f"Alarms of the same cause: {call.folded}"] if call.folded else []),
            *(["Not acknowledged by those told before"] if step else []),
            f"{self.plant.site.name.en}, {self._at(alarm.raised_ns)}",
        ]
        return Words(title, _fitting(chinese, english))

    def _many(self, calls: Sequence[Call], beyond: int) -> Words:
        site, first = self.plant.site.name, calls[0]
        gravest = PRIORITIES[min(call.alarm.priority for call in calls)]
        cause = f"首因：{self._what(first.alarm).zh}"
        count = len(calls) + beyond
        title = f"{self._mark()}{site.zh} {count} 条报警（最高{gravest.zh}），{cause}"
        listed = calls[:MOST_LISTED]
        more = count - len(listed)
        chinese = [title, *(self._line(call, "zh") for call in listed)]
        english = [
            f"{site.en}: {count} alarms, gravest {gravest.en}",
            *(self._line(call, "en") for call in listed),
        ]
        if more:
            chinese.append(f"另有 {more} 条，见报警页")
            english.append(f"and {more} more on the alarms page")
        return Words(title, _fitting(chinese, english))

    def _line(self, call: Call, language: str) -> str:
        alarm = call.alarm
        grave, way, what = (
            getattr(one, language)
            for one in (PRIORITIES[alarm.priority], self._way(alarm), self._what(alarm))
        )
        at = local_time(alarm.raised_ns, self.zone).strftime("%H:%M:%S")
        folded = f" (+{call.folded})" if call.folded else ""
        return f"· {at} {grave} {way} {what}{folded}"

    def _what(self, alarm: Alarm) -> Name:
        if alarm.value is None:
            return alarm.name
        unit = f" {alarm.unit}" if alarm.unit else ""
        against = ""
        if alarm.limit is not None:
            against = f" {'≤' if alarm.level.startswith('L') else '≥'} {alarm.limit:g}{unit}"
        shown = f"{alarm.value:.4g}{unit}{against}"
        return Name(zh=f"{alarm.name.zh} {shown}", en=f"{alarm.name.en} {shown}")

    def _reading(self, alarm: Alarm, now: Mapping[str, Reading], language: str) -> list[str]:
        reading = now.get(alarm.tag) if alarm.tag else None
        if reading is None:
            return []
        quality = reading.quality
        trust = TRUST["good" if quality.good else "bad" if quality.bad else "uncertain"]
        unit = f" {alarm.unit}" if alarm.unit else ""
        # A value that may not be believed must not look like one.
        value = "—" if quality.bad else f"{reading.value:.4g}{unit}"
        return [
            f"当前值：{value}（{trust.zh}）" if language == "zh" else f"Now: {value} ({trust.en})"
        ]

    def _way(self, alarm: Alarm) -> Name:
        known = {way.id: way.name for way in self.plant.ropeway}
        return known.get(alarm.ropeway or "", WHOLE_SITE)

    def _at(self, at_ns: int) -> str:
        return local_time(at_ns, self.zone).strftime("%Y-%m-%d %H:%M:%S %Z")

    def _mark(self) -> str:
        return SIMULATED if self.plant.site.simulated else ""


def _within(alarm: Alarm) -> Name:
    seconds = alarm.guidance.respond_within_s
    if seconds < 120:
        return Name(zh=f"{seconds} 秒内", en=f"within {seconds} s")
    if seconds < 7200:
        return Name(zh=f"{seconds // 60} 分钟内", en=f"within {seconds // 60} min")
    return Name(zh=f"{seconds // 3600} 小时内", en=f"within {seconds // 3600} h")


def _fitting(chinese: list[str], english: list[str]) -> str:
    """Return both, each cut at whole lines where it is too long for its half."""
    return "\n".join([*_cut(chinese, MOST_BYTES * 3 // 5), "", *_cut(english, MOST_BYTES * 2 // 5)])


def _cut(lines: list[str], most_bytes: int) -> list[str]:
    kept: list[str] = []
    left = most_bytes
    for line in lines:
        left -= len(line.encode()) + 1
        if left < 0:
            return [*kept, "…"] if kept else [line.encode()[:most_bytes].decode(errors="ignore")]
        kept.append(line)
    return kept
