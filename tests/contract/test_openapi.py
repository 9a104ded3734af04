"""The interface keeps what its own description says, whatever it is asked."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from tests.people import cookie_at
from tests.scenario.rehearsal import Rehearsal

pytestmark = pytest.mark.slow

# schemathesis brings its own settings for what it draws.
ASKED = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
# These would end the session that the test itself calls under.
NOT_ASKED = r"^/api/session(/password)?$"


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A monitor at work, with alarms, a consultation, rope tests and tasks to be asked for."""
    with Rehearsal(tmp_path_factory.mktemp("asked"), "approaching_storm") as storm:
        storm.wait_until("there is an alarm", lambda: storm.get("/api/alarms")["alarms"], 90)
        yield storm


@pytest.mark.timeout(400)
def test_no_call_gets_an_answer_that_is_not_described(monitor: Rehearsal) -> None:
    schema = schemathesis.openapi.from_url(f"{monitor.url}/api/openapi.json")
    session = requests.Session()
    session.trust_env = False
    session.headers["cookie"] = cookie_at(monitor.url)
    asked = 0
    for found in schema.exclude(path_regex=NOT_ASKED).get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        for mode in GenerationMode:

            @ASKED
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                case.call_and_validate(session=session, checks=CHECKS)

            with suppress(Unsatisfiable):  # nothing wrong can be said where nothing is asked for
                ask()
                asked += 1
    assert asked > 60
    assert "Traceback" not in monitor.log()
