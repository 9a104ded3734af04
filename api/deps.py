"""What routes ask for, as annotated types."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import HTTPConnection

from api.station import Station


def _station(connection: HTTPConnection) -> Station:
    station: Station = connection.app.state.station
    return station


StationDep = Annotated[Station, Depends(_station)]

Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
RecordId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Act(BaseModel):
    """What a person does; nothing is done without a name."""

    model_config = ConfigDict(extra="forbid")

    name: Person
