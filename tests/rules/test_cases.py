"""Play the cases of this folder through the rules of the bundled site file."""

from pathlib import Path

import pytest

from analytics.cases import Case, failures_of, read_cases
from api.config import SiteFile, read_site
from api.demo import demo_site

CASES = [
    pytest.param(case, id=f"{path.stem}: {case.says}")
    for path in sorted(Path(__file__).parent.glob("*.toml"))
    for case in read_cases(path)
]


@pytest.fixture(scope="module")
def site() -> SiteFile:
    return read_site(demo_site())


@pytest.mark.parametrize("case", CASES)
def test_case(site: SiteFile, case: Case) -> None:
    assert failures_of(case, site.plant, site.judging) == []
