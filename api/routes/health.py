"""How well the station itself does."""

from typing import Any

from fastapi import APIRouter

from api.deps import READING, StationDep
from api.health import health_table

router = APIRouter(prefix="/api", tags=["health"], dependencies=[READING])


@router.get("/health")
async def health(station: StationDep) -> dict[str, Any]:
    """Return the state of every device, queue and store."""
    return health_table(station)
