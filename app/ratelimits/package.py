"""Lazy import of the `limits` package, which takes a tenth of a second: after the server has started, by one
thread.
"""

from threading import Lock

_alone = Lock()


def load() -> None:
    """Import the parts that are used. Two threads importing at once could each see a partially loaded module."""
    with _alone:
        import limits.aio.storage
        import limits.aio.strategies  # noqa: F401
