import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.errors import Busy, CorruptImage, Invalid, TooManyPixels, TooSlow, UnsupportedFormat, WorkerCrashed
from app.imaging.transform import Transform
from app.imaging.workers.pool import ImageLimits, WorkerPool
from scripts.fixtures import sample_images
from tests.imaging.misbehaving_jobs import (
    AllocateJob,
    DivideByZeroJob,
    EchoJob,
    HangJob,
    HoldPixelsJob,
    LoadedModulesJob,
    PidJob,
    SignalSelfJob,
)

LIMITS = ImageLimits(max_pixels=50_000_000, max_dimension=16_384)
GIGABYTE = 1024**3
MEGAPIXEL = 1_000_000


def new_pool(
    *,
    workers: int = 1,
    queue: int = 8 * MEGAPIXEL,
    deadline: float = 20.0,
    memory: int = GIGABYTE,
    pixels: int | None = None,
) -> WorkerPool:
    return WorkerPool(
        workers=workers, queue=queue, deadline=deadline, memory=memory, limits=LIMITS, pixels=pixels
    )


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with new_pool() as pool:
        yield pool


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  (other processes set no event)
            await asyncio.sleep(0.001)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_an_image_is_identified_and_rendered(pool, tmp_path):
    source, destination = tmp_path / "source", tmp_path / "destination"
    source.write_bytes(sample_images.jpeg())
    probe = await pool.identify(source)
    assert (probe.width, probe.height) == (640, 480)
    result = await pool.render(source, Transform(width=64).resolve(probe.source), destination, pixels=1)
    assert (result.width, result.height, result.size) == (64, 48, destination.stat().st_size)
    assert result.body == destination.read_bytes()
    assert not result.is_stored


async def test_a_result_is_moved_to_its_final_place_if_the_folder_exists(pool, tmp_path):
    source, destination, target = (
        tmp_path / "source",
        tmp_path / "destination",
        tmp_path / "folder" / "target",
    )
    source.write_bytes(sample_images.jpeg())
    recipe = Transform(width=64).resolve((await pool.identify(source)).source)
    result = await pool.render(source, recipe, destination, pixels=1, place=target)
    assert not result.is_stored
    assert result.body == destination.read_bytes()
    target.parent.mkdir()
    result = await pool.render(source, recipe, destination, pixels=1, place=target)
    assert result.is_stored
    assert result.body == target.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600
    assert not destination.exists()


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (sample_images.text(), UnsupportedFormat, "text/plain"),
        (sample_images.truncated_jpeg(), CorruptImage, "can't be decoded"),
        (sample_images.png_bomb(), TooManyPixels, "neither side may exceed 16384"),
    ],
)
async def test_domain_errors_of_a_worker_are_raised_with_their_facts(pool, tmp_path, data, error, message):
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(error, match=message) as caught:
        await pool.identify(path)
    assert caught.value.details
    if issubclass(error, Invalid):
        assert list(caught.value.fields) == ["image"]


async def test_other_errors_of_a_worker_keep_their_type_and_traceback(pool, tmp_path):
    with pytest.raises(FileNotFoundError):
        await pool.identify(tmp_path / "missing")
    with pytest.raises(ZeroDivisionError) as caught:
        await pool.run(DivideByZeroJob())
    assert "misbehaving_jobs.py" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_a_crash_of_a_worker_fails_only_its_job(pool, number):
    with pytest.raises(WorkerCrashed):
        await pool.run(SignalSelfJob(number))
    assert await pool.run(EchoJob("next")) == "next"


async def test_a_worker_that_died_while_idle_is_replaced(pool):
    pid = await pool.run(PidJob())
    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: not is_running(pid))
    await asyncio.sleep(0)
    assert await pool.run(PidJob()) != pid


async def test_a_hanging_job_is_killed_at_the_deadline(tmp_path):
    async with new_pool(deadline=0.2) as pool:
        pid = await pool.run(PidJob())
        with pytest.raises(TooSlow, match=r"longer than 0\.2 seconds"):
            await pool.run(HangJob(tmp_path / "started"))
        await wait_until(lambda: not is_running(pid))
        assert await pool.run(EchoJob("next")) == "next"


async def test_rendering_that_exceeds_the_deadline_raises_too_slow(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(sample_images.jpeg_12mp())
    async with new_pool() as slow_pool:
        recipe = Transform.parse({"fm": "avif", "q": "90"}).resolve((await slow_pool.identify(source)).source)
    async with new_pool(deadline=0.3) as pool:
        with pytest.raises(TooSlow):
            await pool.render(source, recipe, tmp_path / "destination", pixels=1)


async def test_memory_of_a_worker_is_limited():
    async with new_pool(memory=256 * 1024**2) as pool:
        assert await pool.run(AllocateJob(100 * 1024**2))
        with pytest.raises(TooManyPixels, match="more memory"):
            await pool.run(AllocateJob(400 * 1024**2))
        assert await pool.run(EchoJob("next")) == "next"


async def test_an_encoder_out_of_memory_raises_too_many_pixels(tmp_path):
    """libavif raises RuntimeError."""
    source = tmp_path / "source"
    source.write_bytes(sample_images.jpeg(400, 300))
    async with new_pool(memory=70 * 1024**2) as pool:
        recipe = Transform.parse({"w": "1600", "fm": "avif"}).resolve((await pool.identify(source)).source)
        with pytest.raises(TooManyPixels, match="more memory"):
            await pool.render(source, recipe, tmp_path / "destination", pixels=1)


async def test_fifty_megapixels_fit_within_the_memory_limit(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(sample_images.large_png())
    async with new_pool(deadline=60) as pool:
        probe = await pool.identify(source)
        recipe = Transform.parse({"w": "800", "h": "600", "fm": "webp"}).resolve(probe.source)
        assert (await pool.render(source, recipe, tmp_path / "destination", pixels=1)).width == 800


async def test_a_job_beyond_the_queue_raises_busy_at_once(tmp_path):
    async with new_pool(workers=1, queue=MEGAPIXEL) as pool, asyncio.TaskGroup() as group:
        done = tmp_path / "done"
        group.create_task(pool.run(HoldPixelsJob(1, until=done)))
        waiting = group.create_task(pool.run(EchoJob("waited")))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="workers are busy"):
            await pool.run(EchoJob("refused"))
        done.touch()
        assert await waiting == "waited"
        assert await pool.run(EchoJob("accepted again")) == "accepted again"


async def test_the_queue_counts_pixels(tmp_path):
    async with new_pool(workers=1, queue=20 * MEGAPIXEL) as pool:
        done = tmp_path / "done"
        running = asyncio.create_task(pool.run(HoldPixelsJob(1, until=done)))
        await wait_until(pool._free.locked)
        large = asyncio.create_task(pool.run(EchoJob("large"), pixels=15 * MEGAPIXEL))
        small = asyncio.create_task(pool.run(EchoJob("small"), pixels=5 * MEGAPIXEL))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="queue is full"):
            await pool.run(EchoJob("too many"), pixels=1)
        done.touch()
        assert await asyncio.gather(running, large, small) == [1, "large", "small"]


async def test_an_image_larger_than_the_queue_may_wait_if_the_queue_is_empty(tmp_path):
    async with new_pool(workers=1, queue=20 * MEGAPIXEL) as pool:
        done = tmp_path / "done"
        running = asyncio.create_task(pool.run(HoldPixelsJob(1, until=done)))
        await wait_until(pool._free.locked)
        huge = asyncio.create_task(pool.run(EchoJob("huge"), pixels=50 * MEGAPIXEL))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(EchoJob("next"), pixels=50 * MEGAPIXEL)
        done.touch()
        assert await asyncio.gather(running, huge) == [1, "huge"]


async def test_jobs_run_in_parallel(tmp_path):
    async with new_pool(workers=2, pixels=100 * MEGAPIXEL) as pool:
        done = tmp_path / "done"
        tasks = [asyncio.create_task(pool.run(HoldPixelsJob(5, until=done))) for _ in range(3)]
        await wait_until(lambda: pool._pixels.free == 90 * MEGAPIXEL)
        done.touch()
        assert await asyncio.gather(*tasks) == [5, 5, 5]


async def test_small_images_need_no_pixel_budget(tmp_path):
    async with new_pool(pixels=100 * MEGAPIXEL) as pool, pool._pixels.reserve(100 * MEGAPIXEL):
        assert await pool.run(HoldPixelsJob(4, until=tmp_path)) == 4


async def test_decoded_pixels_are_limited_across_workers(tmp_path):
    async with new_pool(workers=3, pixels=100 * MEGAPIXEL, deadline=5) as pool:
        done = tmp_path / "done"
        large = asyncio.create_task(pool.run(HoldPixelsJob(70, until=done)))
        await wait_until(lambda: pool._pixels.free == 30 * MEGAPIXEL)
        second = asyncio.create_task(pool.run(HoldPixelsJob(40, until=tmp_path)))
        await wait_until(lambda: pool._pixels.waiting == 1)
        small = asyncio.create_task(pool.run(HoldPixelsJob(10, until=tmp_path)))
        await wait_until(lambda: pool._pixels.waiting == 2)
        assert not second.done()
        assert not small.done()
        done.touch()
        assert await asyncio.gather(large, second, small) == [70, 40, 10]
        assert await pool.run(HoldPixelsJob(1_000, until=tmp_path)) == 1_000
        assert pool._pixels.free == 100 * MEGAPIXEL


async def test_waiting_for_pixels_does_not_count_against_the_deadline(tmp_path):
    async with new_pool(pixels=100 * MEGAPIXEL, deadline=0.5) as pool:
        async with pool._pixels.reserve(100 * MEGAPIXEL):
            waiting = asyncio.create_task(pool.run(HoldPixelsJob(50, until=tmp_path)))
            await wait_until(lambda: pool._pixels.waiting == 1)
            await asyncio.sleep(0.6)  # longer than the deadline, on the real clock
            assert not waiting.done()
        assert await waiting == 50


async def test_a_cancelled_job_is_killed_and_its_worker_replaced(pool, tmp_path):
    pid = await pool.run(PidJob())
    task = asyncio.create_task(pool.run(HangJob(tmp_path / "started")))
    await wait_until((tmp_path / "started").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_until(lambda: not is_running(pid))
    assert await pool.run(EchoJob("next")) == "next"


async def test_a_job_cancelled_in_the_queue_leaves_it(tmp_path):
    async with new_pool(workers=1, queue=MEGAPIXEL, pixels=10) as pool:
        done = tmp_path / "done"
        running = asyncio.create_task(pool.run(HoldPixelsJob(10, until=done)))
        waiting = asyncio.create_task(pool.run(EchoJob("never")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        done.touch()
        assert await running == 10
        assert await pool.run(EchoJob("next")) == "next"


async def test_closing_ends_all_processes_and_fails_running_jobs(tmp_path):
    threads = set(threading.enumerate())
    pool = new_pool(workers=2)
    pid = await pool.run(PidJob())
    task = asyncio.create_task(pool.run(HangJob(tmp_path / "started")))
    await wait_until((tmp_path / "started").exists)
    parent = parent_of(pid)
    await pool.close()
    with pytest.raises(Busy, match="stopping"):
        await task
    with pytest.raises(Busy, match="stopping"):
        await pool.run(EchoJob("late"))
    assert not is_running(pid)
    assert not is_running(parent)
    assert set(threading.enumerate()) <= threads
    await pool.close()


async def test_a_lost_fork_server_is_restarted(pool):
    pid = await pool.run(PidJob())
    parent = parent_of(pid)
    os.kill(parent, signal.SIGKILL)
    await wait_until(lambda: not is_running(parent))
    assert await pool.run(PidJob()) == pid
    with pytest.raises(WorkerCrashed):
        await pool.run(SignalSelfJob())
    assert await pool.run(EchoJob("next")) == "next"


async def test_workers_ignore_the_signals_that_stop_the_server(pool):
    pid = await pool.run(PidJob())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    assert await pool.run(PidJob()) == pid


SERVER = """
import asyncio, sys
from pathlib import Path
from app.imaging.workers.pool import ImageLimits, WorkerPool
from tests.imaging.misbehaving_jobs import HangJob, PidJob

async def main():
    limits = ImageLimits(max_pixels=1000, max_dimension=100)
    pool = WorkerPool(workers=2, queue=1_000_000, deadline=60, memory=2**30, limits=limits)
    hanging = asyncio.create_task(pool.run(HangJob(Path(sys.argv[1]))))
    print("ran", await pool.run(PidJob()), flush=True)
    await hanging

print("main", flush=True)
asyncio.run(main())
"""


async def test_workers_exit_with_a_killed_server_and_main_runs_once(tmp_path):
    """The program has no guard on `__name__`, so a worker that imported it would run it again."""
    program, started = tmp_path / "server.py", tmp_path / "started"
    program.write_text(SERVER)
    root = Path(__file__).parents[2]
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(root)!r}); exec(open({str(program)!r}).read())",
        str(started),
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert await server.stdout.readline() == b"main\n"
    label, pid = (await server.stdout.readline()).split()
    assert label == b"ran"
    await wait_until(started.exists)
    fork_server = parent_of(int(pid))
    workers = children_of(fork_server)
    assert len(workers) == 2
    server.kill()
    await server.communicate()
    await wait_until(lambda: not any(map(is_running, [fork_server, *workers])))


async def test_a_worker_has_loaded_neither_main_nor_asyncio(pool):
    main, has_loop = await pool.run(LoadedModulesJob())
    assert main == "none"
    assert not has_loop
