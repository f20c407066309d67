"""How many SQL statements a piece of code costs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

LOG = logging.getLogger("tortoise.db_client")


@dataclass
class Counted:
    """The statements of the block, as they are sent; BEGIN and COMMIT are not among them."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.texts)


@contextmanager
def counted_statements() -> Iterator[Counted]:
    """Counts what every Tortoise client of this process sends while the block runs.

    with counted_statements() as counted:
        await images.load(ctx, id)
    assert counted.count == 1
    """
    counted = Counted()
    handler = _Recorder(counted)
    level, propagate = LOG.level, LOG.propagate
    LOG.addHandler(handler)
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    try:
        yield counted
    finally:
        LOG.propagate = propagate
        LOG.setLevel(level)
        LOG.removeHandler(handler)


class _Recorder(logging.Handler):
    def __init__(self, counted: Counted) -> None:
        super().__init__()
        self.counted = counted

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s: %s" and isinstance(record.args, tuple):
            self.counted.texts.append(str(record.args[0]))
