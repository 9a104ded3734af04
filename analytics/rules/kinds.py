"""Every kind of rule there is; a new kind adds its line here."""

from typing import Annotated

from pydantic import Field

from analytics.rules.deviation import DeviationRule
from analytics.rules.discrete import DiscreteRule
from analytics.rules.frozen import FrozenRule
from analytics.rules.limit import LimitRule
from analytics.rules.n_in_window import WindowRule
from analytics.rules.rate import RateRule
from analytics.rules.stale import StaleRule
from analytics.rules.two_of_three import VoteRule

Rule = Annotated[
    LimitRule
    | RateRule
    | DeviationRule
    | DiscreteRule
    | StaleRule
    | FrozenRule
    | WindowRule
    | VoteRule,
    Field(discriminator="kind"),
]
