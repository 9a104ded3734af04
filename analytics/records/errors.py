"""What the records answer when they cannot or will not keep something."""

from collector.site import Name


class RecordsError(Exception):
    """The database cannot be used; the one sentence says where and what to do."""


class RecordsRefused(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """The records do not allow the change; nothing of it was written."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = Name(zh=zh, en=en)


class RecordMissing(RecordsRefused):
    """There is no record of this kind with this id."""

    def __init__(self, zh: str, en: str, record_id: int | str) -> None:
        super().__init__(f"没有编号为 {record_id} 的{zh}", f"there is no {en} {record_id}")
