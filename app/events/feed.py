"""Live events for all subscribers of this process. One task reads each event once, for any number of subscribers.

It runs while there are subscribers. It reads when notified, and polls every second for events of other processes.
"""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context

from app.coordination.notifier.base import Listener, Notifier
from app.errors import SlowConsumer
from app.events.outbox import TOPIC
from app.models import Event
from app.observability import logging as logs

log = logging.getLogger("pichub.events")

POLL_INTERVAL_SECONDS = 1.0
"""Time between two polls without a notification."""
BATCH_SIZE = 500
"""Events read per statement."""
QUEUE_SIZE = 1_000
"""Maximum number of events queued for one subscriber."""


class Subscriber:
    """Queue of one subscriber. It receives all events after the position `start`."""

    def __init__(self, account_id: str, start: int, queue_size: int) -> None:
        self.account_id = account_id
        self.start = start
        self._most = queue_size
        self._waiting: deque[Event] = deque()
        self._fell_behind = False
        self._something = asyncio.Event()

    def push(self, event: Event) -> None:
        """Queue an event; if the queue is full, drop all of them."""
        if len(self._waiting) >= self._most:
            self._fell_behind = True
            self._waiting.clear()
        if not self._fell_behind:
            self._waiting.append(event)
        self._something.set()

    def wake(self) -> None:
        """Let a waiting subscriber continue without an event."""
        self._something.set()

    async def next(self) -> Event | None:
        """Return the next event; None from time to time if there is none. Raises SlowConsumer."""
        await self._something.wait()
        if self._fell_behind:
            raise SlowConsumer(self._most)
        event = self._waiting.popleft() if self._waiting else None
        if not self._waiting:
            self._something.clear()
        return event


class EventFeed:
    """Subscribers, and the task that reads events for them.

    async with feed.subscribe(account_id) as subscriber:
        # events up to subscriber.start are in the table
        event = await subscriber.next()
    """

    def __init__(self, notifier: Notifier, *, queue_size: int = QUEUE_SIZE) -> None:
        self.stopping = asyncio.Event()
        self._bell = notifier
        self._most = queue_size
        self._followers: defaultdict[str, set[Subscriber]] = defaultdict(set)
        self._tail: asyncio.Task[None] | None = None
        self._position: asyncio.Future[int] | None = None
        self._read_to = 0
        self._now = time.monotonic

    @property
    def subscribers(self) -> int:
        return sum(map(len, self._followers.values()))

    @asynccontextmanager
    async def subscribe(self, account_id: str) -> AsyncIterator[Subscriber]:
        """Subscribe until the block ends."""
        follower = Subscriber(account_id, 0, self._most)
        self._followers[account_id].add(follower)
        try:
            await self._reading()
            # Nothing is read before the next await: later events have higher positions.
            follower.start = self._read_to
            yield follower
        finally:
            self._followers[account_id].discard(follower)
            if not self._followers[account_id]:
                del self._followers[account_id]
            if not self._followers:
                await self._end()

    async def close(self) -> None:
        """Stop reading. Remaining subscribers receive nothing more."""
        self.stopping.set()
        await self._end()

    async def _reading(self) -> None:
        """Start the reading task if needed and wait until it knows its position."""
        if self._tail is None or self._tail.done():
            # In a separate context: the task outlives the first subscriber's request and transaction.
            self._position = asyncio.get_running_loop().create_future()
            self._tail = asyncio.create_task(
                self._run(self._position), name="pichub-events", context=Context()
            )
        assert self._position is not None  # noqa: S101  (made with the tail)
        await asyncio.shield(self._position)

    async def _end(self) -> None:
        tail, self._tail = self._tail, None
        if tail is not None:
            tail.cancel()
            await asyncio.wait([tail])

    async def _run(self, ready: "asyncio.Future[int]") -> None:
        async with self._bell.subscribe(TOPIC) as listener:
            try:
                self._read_to = await Event.last_position()
                ready.set_result(self._read_to)
            except Exception as error:
                ready.set_exception(error)
                ready.exception()  # mark as retrieved if there are no waiters
                return
            finally:
                ready.cancel()
            looked_up = self._now()
            while True:
                await listener.wait(POLL_INTERVAL_SECONDS)
                await self._wait_for_events(listener)
                if self._now() - looked_up >= POLL_INTERVAL_SECONDS:
                    self._wake_all()
                    looked_up = self._now()

    def _wake_all(self) -> None:
        """One timer for all subscribers: a timeout for each would cost as much as the event."""
        for followers in self._followers.values():
            for follower in followers:
                follower.wake()

    async def _wait_for_events(self, listener: Listener) -> None:
        try:
            while await self._read() == BATCH_SIZE:
                pass
        except Exception as error:
            logs.log_failure(
                log, error, f"new events could not be read; trying again in {POLL_INTERVAL_SECONDS:g} s"
            )
            await listener.wait(POLL_INTERVAL_SECONDS)

    async def _read(self) -> int:
        """Push new events; return their number."""
        rows = await Event.since(self._read_to).limit(BATCH_SIZE)
        for event in rows:
            self._read_to = event.position
            for follower in self._followers.get(event.account_id, ()):
                follower.push(event)
        return len(rows)
