"""Bounded worker processes, off the event loop: what a picture may cost, it costs there and within limits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar

from app.errors import Busy, TooHeavy, TooSlow
from app.imaging.intermediates import Step
from app.imaging.limits import ImageLimits
from app.imaging.results import Probe, RenderResult
from app.imaging.transform import Recipe
from app.imaging.workers.jobs import (
    AdmissionRequest,
    IdentifyJob,
    Job,
    JobDone,
    JobFailed,
    PingJob,
    ReduceJob,
    RenderJob,
)
from app.imaging.workers.pixel_budget import PixelBudget
from app.imaging.workers.process_manager import ForkServer, ImageWorker, WorkerLost

__all__ = ["ImageLimits", "WorkerPool"]

T = TypeVar("T")

MIN_PIXELS = 1_000_000
"""Pixels that any job counts for: the smallest takes some time too."""

PIXELS_PER_BYTE = 4
"""Of a file that nobody looked into yet, as in most photographs."""


class WorkerPool:
    """`workers` processes, shared by all who ask; jobs of `queue` pixels may wait for one, more are told to come back.

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
        limits: ImageLimits,
        pixels: int | None = None,
    ) -> None:
        self._queue = queue
        self._waiting = 0
        self._busy = 0
        self._free = asyncio.Semaphore(workers)
        self._deadline = deadline
        self._limits = limits
        self._pixels = PixelBudget(pixels or 2 * limits.max_pixels)
        self._nursery = ForkServer(memory=memory)
        self._idle: list[ImageWorker] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def waiting(self) -> int:
        """Pixels of the pictures that wait for a worker."""
        return self._waiting

    @property
    def busy(self) -> int:
        """Workers that have a job."""
        return self._busy

    async def check(self) -> None:
        """Raises where a picture could not be worked on: Busy, TooSlow, TooHeavy.

        Where all workers are at work it asks none of them: each has its deadline.
        """
        if self._closed:
            raise Busy("The server is stopping")
        if not self._free.locked():
            await self.run(PingJob())

    async def identify(
        self, path: Path, *, size: int = 0, intermediates: Mapping[Step, Path] | None = None
    ) -> Probe:
        """What the file of `size` bytes holds.

        Raises UnsupportedFormat, CorruptImage, TooManyPixels, TooSlow, TooHeavy, Busy.
        The intermediates of a picture that is worth them are written on the way, if that can be done.
        Once it has raised, cancelled included, nothing writes there any more.
        """
        job = IdentifyJob(path, self._limits, intermediates)
        return await self.run(job, pixels=PIXELS_PER_BYTE * size)

    async def reduce(self, source: Path, destinations: Mapping[Step, Path], *, pixels: int) -> None:
        """Writes the intermediates of a picture; for all else see `render`."""
        await self.run(ReduceJob(source, destinations), pixels=pixels)

    async def render(
        self,
        source: Path,
        recipe: Recipe,
        destination: Path,
        *,
        pixels: int,
        step: Step | None = None,
        place: Path | None = None,
    ) -> RenderResult:
        """Writes the result of the recipe to `destination`; after an error there may be a part of it.

        `pixels` is how many the source has: what the job counts for while it waits. `step` tells which intermediate it
        is, None the picture itself. To `place` it is then moved, whole, where that can be done in one step.
        Raises CorruptImage, TooManyPixels, TooSlow, TooHeavy, OutOfStorage, Busy. Once it has raised, cancelled
        included, nothing writes there any more.
        """
        return await self.run(RenderJob(source, recipe, destination, step, place), pixels=pixels)

    async def run(self, job: Job[T], *, pixels: int = MIN_PIXELS) -> T:
        """The job's result, or what it raised."""
        async with self._slot(max(pixels, MIN_PIXELS)), self._worker() as worker:
            outcome = await self._run_job(worker, job)
        if isinstance(outcome, JobFailed):
            raise outcome.error
        return outcome.value

    async def close(self) -> None:
        """Ends all processes; jobs in hand raise Busy."""
        self._closed = True
        await self._nursery.close()
        while self._idle:
            await self._idle.pop().wait_exited()

    @asynccontextmanager
    async def _slot(self, pixels: int) -> AsyncIterator[None]:
        if self._closed:
            raise Busy("The server is stopping")
        if self._free.locked() and not self._may_wait(pixels):
            raise Busy("All workers are taken, and the queue is full; ask again in a second")
        self._waiting += pixels
        try:
            await self._free.acquire()
        finally:
            self._waiting -= pixels
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._free.release()

    def _may_wait(self, pixels: int) -> bool:
        """Whether the queue has room; where nothing waits, for a picture of any size."""
        return self._waiting + pixels <= self._queue or (self._queue > 0 and not self._waiting)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[ImageWorker]:
        """A worker that is ours until the end; it is sent away if anything goes wrong with it."""
        worker = await self._idle_worker() or await self._new_worker()
        try:
            yield worker
        except BaseException:
            await self._nursery.terminate(worker)
            raise
        if self._closed:
            await worker.wait_exited()
        else:
            self._idle.append(worker)

    async def _idle_worker(self) -> ImageWorker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await self._nursery.terminate(worker)
        return None

    async def _new_worker(self) -> ImageWorker:
        try:
            return await self._nursery.spawn()
        except (OSError, WorkerLost, TimeoutError) as error:
            raise Busy("No worker could be started; ask again in a second") from error

    async def _run_job(self, worker: ImageWorker, job: Job[T]) -> JobDone[T] | JobFailed:
        """Gives the job to the worker and the worker its pixels; the clock stands still while it waits for them."""
        try:
            async with asyncio.timeout(self._deadline) as clock, AsyncExitStack() as held:
                await worker.send(job)
                while isinstance(answer := await worker.receive(), AdmissionRequest):
                    clock.reschedule(None)
                    await held.enter_async_context(self._pixels.reserve(answer.pixels))
                    clock.reschedule(asyncio.get_running_loop().time() + self._deadline)
                    await worker.send("go on")
        except TimeoutError as error:
            raise TooSlow(self._deadline) from error
        except WorkerLost as error:
            raise (Busy("The server is stopping") if self._closed else TooHeavy()) from error
        outcome: JobDone[T] | JobFailed = answer
        return outcome
