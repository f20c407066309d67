"""Pool of worker processes with limits on time, memory and queue."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar

from app.errors import Busy, TooSlow, WorkerCrashed
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
"""Minimum pixels that a job counts: the smallest takes some time too."""

PIXELS_PER_BYTE = 4
"""Estimate for a file not yet identified, as in most photographs."""


class WorkerPool:
    """A pool of `workers` processes. Jobs of up to `queue` pixels may wait; others raise Busy.

    A job may run for `deadline` seconds and use `memory` bytes. All together may hold `pixels` decoded pixels
    (default: twice the maximum of one image); jobs wait before decoding until they fit. A worker that exceeds a
    limit is killed and replaced, and only its job fails. Processes start on demand.
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
        """Pixels of the waiting jobs."""
        return self._waiting

    @property
    def busy(self) -> int:
        """Number of busy workers."""
        return self._busy

    async def check(self) -> None:
        """Check that a job can run. Raises Busy, TooSlow, WorkerCrashed.

        Does nothing if all workers are busy: each has its deadline.
        """
        if self._closed:
            raise Busy("The server is stopping", reason="stopping")
        if not self._free.locked():
            await self.run(PingJob())

    async def identify(
        self, path: Path, *, size: int = 0, intermediates: Mapping[Step, Path] | None = None
    ) -> Probe:
        """Identify a file of `size` bytes.

        Raises UnsupportedFormat, CorruptImage, TooManyPixels, TooSlow, WorkerCrashed, Busy. Intermediates of a
        large image are written too, if possible. After it has raised, cancellation included, nothing is written any
        more.
        """
        job = IdentifyJob(path, self._limits, intermediates)
        return await self.run(job, pixels=PIXELS_PER_BYTE * size)

    async def reduce(self, source: Path, destinations: Mapping[Step, Path], *, pixels: int) -> None:
        """Write the intermediates of an image; otherwise like `render`."""
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
        """Write the result of the recipe to `destination`; after an error it may be partial.

        `pixels` is the size of the source, for the queue. `step` tells which intermediate it is; None is the image
        itself. The result is then moved to `place` if that is possible atomically. Raises CorruptImage,
        TooManyPixels, TooSlow, WorkerCrashed, OutOfStorage, Busy. After it has raised, cancellation included,
        nothing is written any more.
        """
        return await self.run(RenderJob(source, recipe, destination, step, place), pixels=pixels)

    async def run(self, job: Job[T], *, pixels: int = MIN_PIXELS) -> T:
        """Run a job. Return or raise its result."""
        async with self._slot(max(pixels, MIN_PIXELS)), self._worker() as worker:
            outcome = await self._run_job(worker, job)
        if isinstance(outcome, JobFailed):
            raise outcome.error
        return outcome.value

    async def close(self) -> None:
        """End all processes; running jobs raise Busy."""
        self._closed = True
        await self._nursery.close()
        while self._idle:
            await self._idle.pop().wait_exited()

    @asynccontextmanager
    async def _slot(self, pixels: int) -> AsyncIterator[None]:
        if self._closed:
            raise Busy("The server is stopping", reason="stopping")
        if self._free.locked() and not self._may_wait(pixels):
            raise Busy(
                "All workers are busy and the queue is full; try again in a second", reason="queue_full"
            )
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
        """Return True if the queue has room. An empty queue accepts an image of any size."""
        return self._waiting + pixels <= self._queue or (self._queue > 0 and not self._waiting)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[ImageWorker]:
        """Reserve a worker until the block ends; it is terminated if anything fails."""
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
            raise Busy("No worker could be started; try again in a second", reason="no_worker") from error

    async def _run_job(self, worker: ImageWorker, job: Job[T]) -> JobDone[T] | JobFailed:
        """Send the job and grant its pixels; its deadline does not run while it waits for them."""
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
            raise (
                Busy("The server is stopping", reason="stopping") if self._closed else WorkerCrashed()
            ) from error
        outcome: JobDone[T] | JobFailed = answer
        return outcome
