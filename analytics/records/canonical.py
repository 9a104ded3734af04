"""One spelling for each JSON value, so that equal content has equal bytes."""

import json
import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel


def canonical_json(value: Any) -> str:
    """Return `value` as JSON text: sorted keys, no spaces, UTF-8 left as it is.

    Frozen dataclasses and site tables become objects, tuples become arrays, and
    not-a-number becomes null (a value that is not there). ValueError on infinity,
    TypeError on what JSON cannot say.
    """
    return json.dumps(
        plain(value),
        ensure_ascii=False,
        allow_nan=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def plain(value: Any) -> Any:
    """Return `value` built of dict, list, str, int, float, bool and None only."""
    match value:
        case Enum():
            value = value.value
        case BaseModel():
            value = plain(value.model_dump())
        case dict():
            value = {key: plain(part) for key, part in value.items()}
        case list() | tuple():
            value = [plain(part) for part in value]
        case float():
            value = None if math.isnan(value) else value
        case _ if is_dataclass(value):
            names = (field.name for field in fields(value))
            value = {name: plain(getattr(value, name)) for name in names}
    return value
