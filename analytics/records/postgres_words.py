"""What PostgreSQL's errors mean to the person who must act."""

REFUSED = "no server answers there; start it, and check host, port and firewall"
UNKNOWN_HOST = "there is no such host; check the name"
NOT_IN_TIME = "the server does not answer in time; check the network and the server"
PASSWORD = "the user or password is wrong; check both"  # noqa: S105  what to say of it
NOT_LET_IN = "the server does not let this user in from here; check its pg_hba.conf"
NO_DATABASE = "there is no such database; have it created, owned by this user"
NO_RIGHTS = "the user may not do this; make it the owner of the database"
NO_ROOM = "the server's disk is full; make room there"
DISK = "the server's disk does not answer rightly; check its room and health"
TOO_MANY = "the server takes no more connections; raise max_connections or close others"
STOPPED = "the server stopped or is starting; the monitor goes on when it answers again"
LOCKED = "another program holds it locked; close that program"
READ_ONLY = "the server only reads, as a standby does; name the one that writes"
DAMAGED = "the server finds its data damaged; restore a copy"
AGAIN = "another program changed it at the same time; do it again"

BY_STATE = {
    "28P01": PASSWORD,
    "28000": NOT_LET_IN,
    "3D000": NO_DATABASE,
    "42501": NO_RIGHTS,
    "53100": NO_ROOM,
    "53300": TOO_MANY,
    "55P03": LOCKED,
    "25006": READ_ONLY,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
    "40001": AGAIN,
    "40P01": AGAIN,
}
BY_CLASS = {"08": STOPPED, "57": STOPPED, "53": NO_ROOM, "58": DISK}
# A connection that was never made has words only, the driver's or the server's.
BY_WORDS = (
    ("password authentication failed", PASSWORD),
    ("no password supplied", PASSWORD),
    ("role ", PASSWORD),
    ("pg_hba.conf", NOT_LET_IN),
    ("permission denied", NO_RIGHTS),
    ("does not exist", NO_DATABASE),
    ("too many", TOO_MANY),
    ("remaining connection slots", TOO_MANY),
    ("connection refused", REFUSED),
    ("no such file or directory", REFUSED),
    ("resolve host", UNKNOWN_HOST),
    ("translate host name", UNKNOWN_HOST),
    ("name or service not known", UNKNOWN_HOST),
    ("timeout", NOT_IN_TIME),
    ("timed out", NOT_IN_TIME),
    ("starting up", STOPPED),
    ("shutting down", STOPPED),
    ("connection", STOPPED),
)


def advice(error: BaseException | None) -> str:
    """Return what happened and what to do about it, in one line."""
    state = getattr(error, "sqlstate", None)
    if state:
        known = BY_STATE.get(state) or BY_CLASS.get(state[:2])
        return known or f"PostgreSQL says '{primary_words(error)}' ({state}); report it"
    words = str(error).casefold()
    known = next((meaning for sign, meaning in BY_WORDS if sign in words), None)
    return known or f"the driver says '{primary_words(error)}'; report it"


def primary_words(error: BaseException | None) -> str:
    """Return an error's own words in one line, without the rows that it would show."""
    words = getattr(getattr(error, "diag", None), "message_primary", None)
    return words or " ".join(str(error).split("\n", maxsplit=1)[0].split())
