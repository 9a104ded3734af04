"""What may be wrong with a station, as alarms that an operator can act on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analytics.model import Guidance
from analytics.notify.desk import NoticeDesk
from analytics.selfwatch import Growth, Trouble
from collector.history.rollup import HOUR_NS
from collector.history.sealer import Sealer
from collector.history.sender import Sender
from collector.history.store import History
from collector.history.thinner import Thinner
from collector.site import Name

BEHIND_NS = HOUR_NS
SHIFT_S = 8 * 3600


@dataclass(frozen=True, slots=True)
class Words:
    """How pressing a trouble is, and what is said of it, each as Chinese and English."""

    priority: int
    within_s: int
    name: tuple[str, str]
    consequence: tuple[str, str]
    response: tuple[str, str]


WORDS = {
    "history_short": Words(
        2,
        SHIFT_S,
        ("历史库空间不足", "The history is short of disk"),
        ("最旧的原始采样提前降为分钟汇总", "The oldest samples become minutes early"),
        ("清理磁盘或调大 [history] 上限", "Clear the disk, or raise [history] disk_gb"),
    ),
    "history_failing": Words(
        2,
        600,
        ("历史库无法写入", "History cannot be written"),
        ("采样暂存内存，断电即失", "Samples wait in memory; a power cut loses them"),
        ("检查磁盘空间与权限（见健康页）", "Check disk space and rights (health page)"),
    ),
    "history_dropped": Words(
        1,
        300,
        ("历史库丢失采样", "History lost samples"),
        ("这段时间没有记录", "This time is not on record"),
        ("恢复磁盘后核对缺口台账", "Mend the disk, then check the gaps"),
    ),
    "history_damaged": Words(
        3,
        SHIFT_S,
        ("历史库有损坏", "The history is damaged"),
        ("部分采样无法读出或封存", "Some samples cannot be read or sealed"),
        (
            "检查磁盘；运行 ropewatch history check 核对，备好备份",
            "Check the disk; run `ropewatch history check`, keep backups at hand",
        ),
    ),
    "influxdb_refused": Words(
        3,
        SHIFT_S,
        ("InfluxDB 拒绝写入", "InfluxDB refuses to store"),
        ("本地历史不受影响，远端暂缺", "Kept here; the server lags behind"),
        (
            "核对令牌、组织与存储桶（见健康页）",
            "Check token, organisation and bucket (health page)",
        ),
    ),
    "influxdb_behind": Words(
        3,
        SHIFT_S,
        ("InfluxDB 落后超过一小时", "InfluxDB is over an hour behind"),
        ("本地历史不受影响，远端看板不是最新", "Kept here; boards elsewhere are old"),
        ("检查网络与服务器（见健康页）", "Check network and server (health page)"),
    ),
    "notices_undelivered": Words(
        2,
        300,
        ("报警通知未送达", "People were not told of an alarm"),
        ("值班人员可能不知情", "Those on duty may not know"),
        (
            "电话或对讲通知；原因见“通知”页",
            "Call by phone or radio; the page of messages says why",
        ),
    ),
    "nobody_on_duty": Words(
        2,
        300,
        ("值班表上无人可通知", "Nobody on the roster to tell"),
        ("有报警没有通知任何人", "An alarm was told to nobody"),
        ("当面处置；补齐值班表 [[duty]]", "Handle it here; complete [[duty]]"),
    ),
    "channel_test_failed": Words(
        3,
        SHIFT_S,
        ("通知通道每日测试未通过", "A channel failed its daily test"),
        ("下一次报警可能无法由此通道送达", "The next alarm may not get through on it"),
        ("按“通知”页的原因修复", "Mend it; the page of messages says why"),
    ),
}


def troubles_of(
    history: History, thinner: Thinner, sealer: Sealer, sender: Sender | None
) -> Iterator[Trouble]:
    """Yield each thing that the station watches of itself."""
    thinned = Growth(lambda: thinner.state.samples)
    spoilt = Growth(lambda: sealer.damaged)
    yield _trouble("history_short", lambda: thinned() or bool(thinner.state.short))
    yield _trouble("history_failing", lambda: bool(history.health.failing))
    yield _trouble("history_dropped", Growth(lambda: history.health.dropped))
    yield _trouble("history_damaged", lambda: spoilt() or bool(sealer.failing))
    if sender is not None:
        yield _trouble("influxdb_refused", lambda: sender.state.state == "refused")
        yield _trouble("influxdb_behind", lambda: _is_behind(history, sender))


def troubles_of_notices(desk: NoticeDesk) -> Iterator[Trouble]:
    """Yield what may be wrong with telling people: nobody knows of it but the wall."""
    yield _trouble("notices_undelivered", lambda: bool(desk.wall.undelivered))
    yield _trouble("nobody_on_duty", lambda: bool(desk.wall.untold))
    yield _trouble("channel_test_failed", lambda: bool(desk.wall.failed_tests))


def _is_behind(history: History, sender: Sender) -> bool:
    oldest_ns, newest_ns = sender.state.oldest_unsent_ns, history.health.last_commit_ns
    return oldest_ns is not None and newest_ns - oldest_ns > BEHIND_NS


def _trouble(trouble: str, holds: Callable[[], bool]) -> Trouble:
    words = WORDS[trouble]
    guidance = Guidance(_name(words.consequence), _name(words.response), words.within_s)
    return Trouble(trouble, words.priority, _name(words.name), guidance, holds)


def _name(both: tuple[str, str]) -> Name:
    return Name(zh=both[0], en=both[1])
