"""The equipment tables of the site file: site, ropeways, devices and their tags."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from collector.keeping import Keeping

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]
TagId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9_]+\.[a-z0-9_]+$", max_length=120),
]

WHOLE_SITE = "site"

REGISTERS = {
    "bool": 1,
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "bcd16": 1,
    "bcd32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
}


class Table(BaseModel):
    """A table of the site file: frozen, no key that it does not know, no endless figure."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Name(Table):
    """A text in both languages of the screens."""

    zh: str
    en: str


class Site(Table):
    """The whole place."""

    name: Name
    timezone: str = "Asia/Shanghai"
    simulated: bool = False
    storm_speed_kmh: float = Field(default=40.0, gt=0)

    @field_validator("timezone")
    @classmethod
    def is_known(cls, timezone: str) -> str:
        """Refuse a time zone that instants cannot be shown in."""
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"no time zone '{timezone}'; name one like 'Asia/Shanghai'"
            raise ValueError(message) from error
        return timezone


class Tower(Table):
    """A support of the line, and the wind tag measured on it, if any."""

    number: int = Field(ge=1)
    position_m: float = Field(ge=0)
    altitude_m: float
    azimuth_deg: float = Field(ge=0, lt=360)
    exposure: Literal["sheltered", "open", "ridge"] = "open"
    gust: TagId | None = None


class Station(Table):
    """An end or a middle of the line where people get on and off."""

    id: Id
    name: Name
    position_m: float = Field(ge=0)
    altitude_m: float


class TestPoint(Table):
    """A place on a rope that is tested by itself, week by week."""

    __test__ = False  # pytest would take the name for a test

    id: Id
    name: Name
    kind: Literal["splice_tuck_zone", "end_socket", "bollard_anchorage", "clamp"]
    code: int = Field(ge=0, le=65535)
    position_m: float = Field(ge=0)
    length_m: float = Field(gt=0)


class LossLimit(Table):
    """The most loss of metallic area allowed over one reference length."""

    window_d: float = Field(gt=0)
    loss_pct: float = Field(gt=0, le=100)
    source: str
    confirmed_by: str = ""


class Rope(Table):
    """A wire rope of a ropeway."""

    id: Id
    name: Name
    kind: Literal["carrying_hauling", "track", "haul", "counter", "tension", "rescue"]
    construction: str
    diameter_mm: float = Field(gt=0)
    metallic_area_mm2: float = Field(gt=0)
    length_m: float = Field(gt=0)
    loop: bool
    installed: str = ""
    action_share: float = Field(default=0.9, gt=0, le=1)
    limits: tuple[LossLimit, ...] = ()
    test_points: tuple[TestPoint, ...] = ()


class Indicator(Table):
    """One of the six figures that the overview shows for a ropeway."""

    name: Name
    tag: TagId | None = None
    highest_of: tuple[TagId, ...] = ()

    @model_validator(mode="after")
    def names_a_tag(self) -> Self:
        """Refuse an indicator that shows nothing or two things."""
        if (self.tag is None) == (not self.highest_of):
            message = "give either 'tag' or 'highest_of'"
            raise ValueError(message)
        return self


class SafetyCircuit(Table):
    """A safety circuit's bit as the overview shows it: true is closed, safe."""

    name: Name
    tag: TagId


class Ropeway(Table):
    """One line with its geometry, ropes and what the overview shows of it."""

    id: Id
    name: Name
    kind: Literal["monocable_detachable", "monocable_fixed", "jig_back", "funicular"]
    length_m: float = Field(gt=0)
    line_speed_mps: float = Field(gt=0)
    emergency_speed_mps: float = Field(gt=0)
    station_time_s: float = Field(default=120, ge=0)
    speed: TagId
    people: TagId | None = None
    carriers: int = Field(ge=1)
    places: int = Field(ge=1)
    stations: tuple[Station, ...] = Field(min_length=2)
    towers: tuple[Tower, ...] = ()
    ropes: tuple[Rope, ...] = ()
    indicators: tuple[Indicator, ...] = Field(default=(), max_length=6)
    safety_circuits: tuple[SafetyCircuit, ...] = ()


class Frozen(Table):
    """When a value that does not move is not to be believed.

    Within `band` for `after_s` while the tag `neighbour` reads above `above`
    (domain 3.1 [D]: an unchanged cup while a neighbour turns is frozen, not calm).
    """

    after_s: float = Field(gt=0)
    band: float = Field(default=0.0, ge=0)
    neighbour: TagId | None = None
    above: float = 0.0


class Spike(Table):
    """When a value that jumps is not to be believed.

    A sample more than `step` away from the last believed one is bad, until more
    than `samples` in a row stay on that side: what stays is no spike.
    """

    step: float = Field(gt=0)
    samples: int = Field(default=1, ge=1, le=100)


class TagCommon(Table):
    """What every tag has, whatever protocol brings it."""

    id: TagId
    name: Name | None = None
    unit: str = ""
    group: Id = "process"
    scale: float = 1.0
    offset: float = 0.0
    min: float | None = None
    max: float | None = None
    normal: tuple[float, float] | None = None
    deadband: float = Field(default=0.0, ge=0)
    decimals: int = Field(default=1, ge=0, le=6)
    frozen: Frozen | None = None
    spike: Spike | None = None

    @property
    def ropeway(self) -> str:
        """First part of the id: a ropeway's id, or the whole site."""
        return self.id.split(".")[0]

    @property
    def place(self) -> str:
        """Second part of the id."""
        return self.id.split(".")[1]

    @property
    def quantity(self) -> str:
        """Third part of the id."""
        return self.id.split(".")[2]

    @model_validator(mode="after")
    def has_a_range(self) -> Self:
        """Refuse a range that no value can lie in."""
        if self.min is not None and self.max is not None and self.min >= self.max:
            message = f"min {self.min:g} is not below max {self.max:g}"
            raise ValueError(message)
        if self.scale == 0:
            message = "scale must not be zero"
            raise ValueError(message)
        return self


class ModbusTag(TagCommon):
    """A tag in one of a Modbus device's four tables."""

    table: Literal["holding_register", "input_register", "coil", "discrete_input"] = (
        "holding_register"
    )
    address: int = Field(ge=0, le=65535)
    type: Literal[
        "bool",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "float32",
        "bcd16",
        "bcd32",
        "int64",
        "uint64",
        "float64",
    ] = "uint16"
    bit: int | None = Field(default=None, ge=0, le=15)
    word_order: Literal["big", "little"] | None = None
    byte_order: Literal["big", "little"] | None = None
    scan_s: float | None = Field(default=None, ge=0.05, le=3600)

    @property
    def width(self) -> int:
        """Registers (or bits, in the bit tables) that the tag takes."""
        return 1 if self.in_bits else REGISTERS[self.type]

    @property
    def in_bits(self) -> bool:
        """Whether the tag lives in a table of single bits."""
        return self.table in ("coil", "discrete_input")

    @model_validator(mode="after")
    def fits_its_table(self) -> Self:
        """Refuse types and addresses that the table cannot hold."""
        if self.in_bits and self.type != "bool":
            message = f"a {self.table} holds only type 'bool'"
            raise ValueError(message)
        if self.in_bits and self.bit is not None:
            message = "'bit' is for packed bits in registers"
            raise ValueError(message)
        if not self.in_bits and (self.type == "bool") != (self.bit is not None):
            message = "a bit in a register needs type 'bool' and 'bit', both"
            raise ValueError(message)
        if self.address + self.width > 65536:
            message = f"address {self.address} and {self.width} registers pass 65535"
            raise ValueError(message)
        return self


class OpcUaTag(TagCommon):
    """A tag that is a variable of an OPC UA server."""

    node: str = Field(
        pattern=r"^(ns=\d+;)?(i=\d+|s=.+|g=[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
        r"|b=[A-Za-z0-9+/]+=*)$"
    )
    sampling_s: float | None = Field(default=None, gt=0)

    @field_validator("node")
    @classmethod
    def fits_the_wire(cls, node: str) -> str:
        """Refuse a namespace above 65535 and a number above 4294967295."""
        space, _, plain = node.partition(";") if node.startswith("ns=") else ("ns=0", "", node)
        number = plain.removeprefix("i=") if plain.startswith("i=") else "0"
        if int(space.removeprefix("ns=")) > 0xFFFF or int(number) > 0xFFFFFFFF:
            message = "a namespace goes to 65535, a number to 4294967295"
            raise ValueError(message)
        return node


class DeviceCommon(Table):
    """What every device has."""

    id: Id
    name: Name | None = None
    ropeway: Id | Literal["site"]
    host: str = Field(min_length=1)
    scan_s: float = Field(default=1.0, ge=0.05, le=3600)
    timeout_s: float | None = Field(default=None, gt=0)
    heartbeat: TagId | None = None
    heartbeat_s: float | None = Field(default=None, gt=0)
    clock: TagId | None = None
    clock_skew_s: float = Field(default=30.0, gt=0)

    @property
    def request_timeout_s(self) -> float:
        """Seconds to wait for an answer: so that a loss shows within two periods."""
        return self.timeout_s or max(0.2, min(self.scan_s * 0.8, 3.0))


class ModbusDevice(DeviceCommon):
    """A PLC that speaks Modbus TCP."""

    protocol: Literal["modbus_tcp"]
    port: int = Field(default=502, ge=1, le=65535)
    unit: int = Field(default=1, ge=0, le=255)
    word_order: Literal["big", "little"] = "big"
    byte_order: Literal["big", "little"] = "big"
    max_registers: int = Field(default=125, ge=1, le=125)
    max_bits: int = Field(default=2000, ge=1, le=2000)
    max_gap: int = Field(default=16, ge=0, le=124)
    tags: tuple[ModbusTag, ...] = Field(min_length=1)


class OpcUaDevice(DeviceCommon):
    """An OPC UA server, read by subscription."""

    protocol: Literal["opcua"]
    port: int = Field(default=4840, ge=1, le=65535)
    path: str = "/"
    namespace: str = Field(default="", description="URI that plain node ids live in")
    security: Literal["none", "basic256sha256_sign_and_encrypt"] = "none"
    user: str = ""
    tags: tuple[OpcUaTag, ...] = Field(min_length=1)

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"opc.tcp://{self.host}:{self.port}{self.path}"


Device = Annotated[ModbusDevice | OpcUaDevice, Field(discriminator="protocol")]
Tag = ModbusTag | OpcUaTag


def period_of(device: ModbusDevice | OpcUaDevice, tag: Tag) -> float:
    """Return the seconds from one sample of `tag` to the next: its own, or its device's."""
    return getattr(tag, "scan_s", None) or device.scan_s


class Plant(Table):
    """All equipment of one site; the order of its tags gives each its slot."""

    site: Site
    ropeway: tuple[Ropeway, ...] = Field(min_length=1)
    device: tuple[Device, ...] = Field(min_length=1)
    history: Keeping = Keeping()

    def tags(self) -> Iterator[Tag]:
        """Return every tag, in slot order."""
        return (tag for device in self.device for tag in device.tags)

    def slots(self) -> Mapping[str, int]:
        """Return the slot of each tag id."""
        return self.slot_of_id

    @cached_property
    def slot_of_id(self) -> Mapping[str, int]:
        """The slot of each tag id, worked out once."""
        return {tag.id: slot for slot, tag in enumerate(self.tags())}
