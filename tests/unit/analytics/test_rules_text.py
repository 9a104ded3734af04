"""Rules as text say what was written, and nothing that is wrong gets through."""

from hypothesis import given
from hypothesis import strategies as st

from analytics.rules_text import rules_of, rules_text, version_of
from api.config import read_site
from api.demo import demo_site
from tests.unit.analytics.judging_words import a_judging, a_plant, a_rule

OLD = a_rule(high=20, deadband=2, off_delay_s=2)


def test_the_bundled_rules_say_the_same_after_being_written_and_read() -> None:
    site = read_site(demo_site())
    again, faults = rules_of(rules_text(site.judging), site.plant, site.judging)
    assert faults == []
    assert again is not None
    assert again.version() == site.judging.version()
    assert (again.kpi, again.inspection) == (site.judging.kpi, site.judging.inspection)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_was_written_into_a_rule_is_read_again_as_it_was(zh: str, en: str) -> None:
    words = {"zh": zh, "en": en}
    judging = a_judging({**OLD, "consequence": words, "response": words, "source": zh})
    found, faults = rules_of(rules_text(judging), a_plant(), judging)
    assert faults == []
    assert found is not None
    assert found.rules_said() == judging.rules_said()


@given(st.text(max_size=200))
def test_no_text_whatever_is_more_than_faults(text: str) -> None:
    judging = a_judging(OLD)
    found, faults = rules_of(text, a_plant(), judging)
    assert (found is None) == bool(faults)


def test_a_version_tells_what_is_written_and_nothing_that_a_program_knows_beside() -> None:
    said = a_judging(OLD)
    assert said.version() == version_of(rules_text(said))
    assert set(said.rules_said()) == {"rule"}
    assert set(said.rules_said()["rule"][0]) == set(OLD)
    assert said.version() == a_judging(OLD, kpi={}).version()
    assert said.version() != a_judging({**OLD, "latching": True}).version()
