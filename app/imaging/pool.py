"""Bounded worker processes, off the event loop: what a picture may cost, it costs there and within limits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar

from app.errors import Busy, TooHeavy, TooSlow
from app.imaging.budget import Budget
from app.imaging.intermediates import Step
from app.imaging.jobs import Asks, Done, Failed, Identify, Job, Reduce, Render
from app.imaging.limits import Limits
from app.imaging.reports import Probe, Rendered
from app.imaging.staff import Nursery, Worker, WorkerLost
from app.imaging.transform import Recipe

__all__ = ["Limits", "Pool"]

T = TypeVar("T")


class Pool:
    """`workers` processes and `queue` places to wait, shared by all who ask.

    A job may take `deadline` seconds once it runs and `memory` bytes; all together may hold `pixels` of decoded
    picture (twice what one may have, if nothing is said), and wait with their decoding until they can. A worker that
    passes a limit is killed and replaced, and its job alone fails. Processes start when they are first needed.
    """

    def __init__(
        self,
        *,
        workers: int,
        queue: int,
        deadline: float,
        memory: int,
        limits: Limits,
        pixels: int | None = None,
    ) -> None:
        self._places = workers + queue
        self._free = asyncio.Semaphore(workers)
        self._deadline = deadline
        self._limits = limits
        self._pixels = Budget(pixels or 2 * limits.max_pixels)
        self._nursery = Nursery(memory=memory)
        self._idle: list[Worker] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def identify(self, path: Path, *, intermediates: Mapping[Step, Path] | None = None) -> Probe:
        """What the file holds. Raises UnsupportedFormat, CorruptImage, TooManyPixels, TooSlow, TooHeavy, Busy.

        The intermediates of a picture that is worth them are written on the way, if that can be done.
        Once it has raised, cancelled included, nothing writes there any more.
        """
        return await self.run(Identify(path, self._limits, intermediates))

    async def reduce(self, source: Path, destinations: Mapping[Step, Path]) -> None:
        """Writes the intermediates of a picture; for all else see `render`."""
        await self.run(Reduce(source, destinations))

    async def render(self, source: Path, recipe: Recipe, destination: Path) -> Rendered:
        """Writes the result of the recipe to `destination`; after an error there may be a part of it.

        Raises CorruptImage, TooManyPixels, TooSlow, TooHeavy, OutOfStorage, Busy. Once it has raised, cancelled
        included, nothing writes there any more.
        """
        return await self.run(Render(source, recipe, destination))

    async def run(self, job: Job[T]) -> T:
        """The job's result, or what it raised."""
        async with self._turn(), self._worker() as worker:
            outcome = await self._converse(worker, job)
        if isinstance(outcome, Failed):
            raise outcome.error
        return outcome.value

    async def close(self) -> None:
        """Ends all processes; jobs in hand raise Busy."""
        self._closed = True
        await self._nursery.close()
        while self._idle:
            await self._idle.pop().gone()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._closed:
            raise Busy("The server is stopping")
        if self._places <= 0:
            raise Busy("All workers are taken, and so are the places to wait for one; ask again in a second")
        self._places -= 1
        try:
            async with self._free:
                yield
        finally:
            self._places += 1

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        """A worker that is ours until the end; it is sent away if anything goes wrong with it."""
        worker = await self._idle_worker() or await self._new_worker()
        try:
            yield worker
        except BaseException:
            await self._nursery.dismiss(worker)
            raise
        if self._closed:
            await worker.gone()
        else:
            self._idle.append(worker)

    async def _idle_worker(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await self._nursery.dismiss(worker)
        return None

    async def _new_worker(self) -> Worker:
        try:
            return await self._nursery.hire()
        except (OSError, WorkerLost, TimeoutError) as error:
            raise Busy("No worker could be started; ask again in a second") from error

    async def _converse(self, worker: Worker, job: Job[T]) -> Done[T] | Failed:
        """Gives the job to the worker and the worker its pixels; the clock stands still while it waits for them."""
        try:
            async with asyncio.timeout(self._deadline) as clock, AsyncExitStack() as held:
                await worker.send(job)
                while isinstance(answer := await worker.receive(), Asks):
                    clock.reschedule(None)
                    await held.enter_async_context(self._pixels.taken(answer.pixels))
                    clock.reschedule(asyncio.get_running_loop().time() + self._deadline)
                    await worker.send("go on")
        except TimeoutError as error:
            raise TooSlow(self._deadline) from error
        except WorkerLost as error:
            raise (Busy("The server is stopping") if self._closed else TooHeavy()) from error
        outcome: Done[T] | Failed = answer
        return outcome
