"""The package limits: a tenth of a second to import, so not while the server starts, and then by one thread alone."""

from threading import Lock

_alone = Lock()


def load() -> None:
    """Imports what is used of it. Two threads that import its parts at once would each find the other's half done."""
    with _alone:
        import limits.aio.storage
        import limits.aio.strategies  # noqa: F401
