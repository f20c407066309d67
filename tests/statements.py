"""Count the SQL statements that a piece of code sends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

LOG = logging.getLogger("tortoise.db_client")


@dataclass
class CountedStatements:
    """The statements sent in the block, without BEGIN and COMMIT."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.texts)


@contextmanager
def count_statements() -> Iterator[CountedStatements]:
    """Record the statements that all Tortoise clients of this process send while the block runs.

    with count_statements() as statements:
        await images.load(ctx, id)
    assert statements.count == 1
    """
    statements = CountedStatements()
    handler = _Recorder(statements)
    level, propagate = LOG.level, LOG.propagate
    LOG.addHandler(handler)
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    try:
        yield statements
    finally:
        LOG.propagate = propagate
        LOG.setLevel(level)
        LOG.removeHandler(handler)


class _Recorder(logging.Handler):
    def __init__(self, statements: CountedStatements) -> None:
        super().__init__()
        self.statements = statements

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s: %s" and isinstance(record.args, tuple):
            self.statements.texts.append(str(record.args[0]))
