"""What may be wrong with a station, as alarms that an operator can act on."""

from collections.abc import Iterator

from analytics.model import Guidance
from analytics.notify.desk import NoticeDesk
from analytics.selfwatch import Growth, Trouble
from collector.history.rollup import HOUR_NS
from collector.history.sender import Sender
from collector.history.store import History
from collector.history.thinner import Thinner
from collector.site import Name

BEHIND_NS = HOUR_NS


def troubles_of(history: History, thinner: Thinner, sender: Sender | None) -> Iterator[Trouble]:
    """Yield each thing that the station watches of itself."""
    yield _short(thinner)
    yield _failing(history)
    yield _dropped(history)
    if sender is not None:
        yield _refused(sender)
        yield _behind(history, sender)


def troubles_of_notices(desk: NoticeDesk) -> Iterator[Trouble]:
    """Yield what may be wrong with telling people: nobody knows of it but the wall."""
    yield Trouble(
        id="notices_undelivered",
        priority=2,
        name=Name(zh="报警通知未送达", en="People were not told of an alarm"),
        guidance=Guidance(
            consequence=Name(zh="值班人员可能不知情", en="Those on duty may not know"),
            response=Name(
                zh="电话或对讲通知；原因见“通知”页",
                en="Call by phone or radio; the page of messages says why",
            ),
            respond_within_s=300,
        ),
        holds=lambda: bool(desk.wall.undelivered),
    )
    yield Trouble(
        id="nobody_on_duty",
        priority=2,
        name=Name(zh="值班表上无人可通知", en="Nobody on the roster to tell"),
        guidance=Guidance(
            consequence=Name(zh="有报警没有通知任何人", en="An alarm was told to nobody"),
            response=Name(
                zh="当面处置；补齐值班表 [[duty]]", en="Handle it here; complete [[duty]]"
            ),
            respond_within_s=300,
        ),
        holds=lambda: bool(desk.wall.untold),
    )
    yield _untested(desk)


def _untested(desk: NoticeDesk) -> Trouble:
    return Trouble(
        id="channel_test_failed",
        priority=3,
        name=Name(zh="通知通道每日测试未通过", en="A channel failed its daily test"),
        guidance=Guidance(
            consequence=Name(
                zh="下一次报警可能无法由此通道送达", en="The next alarm may not get through on it"
            ),
            response=Name(zh="按“通知”页的原因修复", en="Mend it; the page of messages says why"),
            respond_within_s=8 * 3600,
        ),
        holds=lambda: bool(desk.wall.failed_tests),
    )


def _short(thinner: Thinner) -> Trouble:
    thinned = Growth(lambda: thinner.state.samples)
    return Trouble(
        id="history_short",
        priority=2,
        name=Name(zh="历史库空间不足", en="The history is short of disk"),
        guidance=Guidance(
            consequence=Name(
                zh="最旧的原始采样提前降为分钟汇总", en="The oldest samples become minutes early"
            ),
            response=Name(
                zh="清理磁盘或调大 [history] 上限", en="Clear the disk, or raise [history] disk_gb"
            ),
            respond_within_s=8 * 3600,
        ),
        holds=lambda: thinned() or bool(thinner.state.short),
    )


def _failing(history: History) -> Trouble:
    return Trouble(
        id="history_failing",
        priority=2,
        name=Name(zh="历史库无法写入", en="History cannot be written"),
        guidance=Guidance(
            consequence=Name(
                zh="采样暂存内存，断电即失", en="Samples wait in memory; a power cut loses them"
            ),
            response=Name(
                zh="检查磁盘空间与权限（见健康页）", en="Check disk space and rights (health page)"
            ),
            respond_within_s=600,
        ),
        holds=lambda: bool(history.health.failing),
    )


def _dropped(history: History) -> Trouble:
    return Trouble(
        id="history_dropped",
        priority=1,
        name=Name(zh="历史库丢失采样", en="History lost samples"),
        guidance=Guidance(
            consequence=Name(zh="这段时间没有记录", en="This time is not on record"),
            response=Name(zh="恢复磁盘后核对缺口台账", en="Mend the disk, then check the gaps"),
            respond_within_s=300,
        ),
        holds=Growth(lambda: history.health.dropped),
    )


def _refused(sender: Sender) -> Trouble:
    return Trouble(
        id="influxdb_refused",
        priority=3,
        name=Name(zh="InfluxDB 拒绝写入", en="InfluxDB refuses to store"),
        guidance=Guidance(
            consequence=Name(
                zh="本地历史不受影响，远端暂缺", en="Kept here; the server lags behind"
            ),
            response=Name(
                zh="核对令牌、组织与存储桶（见健康页）",
                en="Check token, organisation and bucket (health page)",
            ),
            respond_within_s=8 * 3600,
        ),
        holds=lambda: sender.state.state == "refused",
    )


def _behind(history: History, sender: Sender) -> Trouble:
    def holds() -> bool:
        oldest_ns, newest_ns = sender.state.oldest_unsent_ns, history.health.last_commit_ns
        return oldest_ns is not None and newest_ns - oldest_ns > BEHIND_NS

    return Trouble(
        id="influxdb_behind",
        priority=3,
        name=Name(zh="InfluxDB 落后超过一小时", en="InfluxDB is over an hour behind"),
        guidance=Guidance(
            consequence=Name(
                zh="本地历史不受影响，远端看板不是最新", en="Kept here; boards elsewhere are old"
            ),
            response=Name(
                zh="检查网络与服务器（见健康页）", en="Check network and server (health page)"
            ),
            respond_within_s=8 * 3600,
        ),
        holds=holds,
    )
