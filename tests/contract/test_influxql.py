"""What InfluxDB of either generation gives back is what the local history gives."""

from pathlib import Path

import numpy as np
import pytest

from collector.history.influx import InfluxSettings
from collector.history.influxql import InfluxHistory
from collector.history.schema import HistoryError
from tests.contract.influx_parts import BEGIN_ns, client, opened, plant, scans, sender
from tests.servers.influx_server import Account

pytestmark = pytest.mark.influx

TAGS = [tag.id for tag in plant().tags()]


def reader(account: Account, bucket: str) -> InfluxHistory:
    settings = InfluxSettings(account.url, account.token, account.org, bucket)
    groups = {tag.id: tag.group for tag in plant().tags()}
    return InfluxHistory(settings, plant().site.name.en, groups)


async def test_courses_and_spans_agree_with_the_local_history(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    with opened(tmp_path) as history, client(influxd, influx_bucket) as server:
        for scan in scans(600):
            history.append(scan)
        await history.committed()
        sending = await sender(history, server)
        while await sending.send() == 0.0:
            pass
        there = reader(influxd, influx_bucket)
        within = (BEGIN_ns - 10**9, BEGIN_ns + 319 * 10**9)
        local = await history.courses(TAGS, *within)
        for tag in TAGS:
            course = await there.course(tag, *within)
            assert course.source_ns.tolist() == local[tag].source_ns.tolist()
            np.testing.assert_array_equal(course.values, local[tag].values)
            assert course.quality.tolist() == local[tag].quality.tolist()
        for count in (8, 40, 320):
            ours = list((await history.spans(TAGS, within, count)).by_key.values())
            theirs = list((await there.spans(TAGS, within, count)).by_key.values())
            for one, other in zip(ours, theirs, strict=True):
                assert one.begin_ns.tolist() == other.begin_ns.tolist()
                assert one.samples.tolist() == other.samples.tolist()
                for name in ("lowest", "mean", "highest", "good_share"):
                    np.testing.assert_allclose(getattr(one, name), getattr(other, name))
        await there.close()


async def test_a_server_that_is_not_there_is_said_in_one_sentence() -> None:
    gone = Account("http://127.0.0.1:9", "t", "o")
    there = reader(gone, "any")
    with pytest.raises(HistoryError, match=r"InfluxDB http://127.0.0.1:9: .*local history goes on"):
        await there.spans(TAGS, (0, 10**9), 10)
    await there.close()


async def test_a_database_that_is_not_there_is_said_in_one_sentence(influxd: Account) -> None:
    there = reader(influxd, "no_such_bucket")
    with pytest.raises(HistoryError, match="InfluxDB http") as refusal:
        await there.spans(TAGS, (0, 10**9), 10)
    assert "\n" not in str(refusal.value)
    await there.close()


async def test_a_token_changed_in_its_file_is_taken_up_without_a_restart(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(influxd.token, "utf-8")
    stale = InfluxSettings(influxd.url, "an-old-token", influxd.org, influx_bucket, str(file))
    there = InfluxHistory(
        stale, plant().site.name.en, {tag.id: tag.group for tag in plant().tags()}
    )
    found = await there.spans(TAGS[:1], (BEGIN_ns, BEGIN_ns + 10**9), 1)
    assert found.by_key[0].samples.tolist() == [0]
    await there.close()
