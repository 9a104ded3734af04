"""How long each class of history is kept and how much disk it may take, as the site file says."""

from pydantic import BaseModel, ConfigDict, Field

from collector.model import NANOSECONDS

DAY_NS = 24 * 3600 * NANOSECONDS
GB = 1_000_000_000


class Keeping(BaseModel):
    """The `[history]` table: samples, minutes, and hours, which are kept for ever.

    What a record cites is kept whatever stands here. The figures are proposals of
    domain.md 10 (9) [D]; each site decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    raw_days: float = Field(default=90, gt=0, description="samples are kept so long")
    minute_days: float = Field(default=3650, gt=0, description="one-minute roll-ups")
    disk_gb: float = Field(default=50, gt=0, description="the history takes no more than this")
    free_gb: float = Field(default=0.5, ge=0, description="and leaves so much of the disk free")

    @property
    def raw_ns(self) -> int:
        """How long samples are kept."""
        return int(self.raw_days * DAY_NS)

    @property
    def minute_ns(self) -> int:
        """How long one-minute roll-ups are kept."""
        return int(self.minute_days * DAY_NS)
