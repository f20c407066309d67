import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.errors import Busy, CorruptImage, Invalid, WorkerCrashed, TooManyPixels, TooSlow, UnsupportedFormat
from app.imaging.transform import Transform
from app.imaging.workers.pool import ImageLimits, WorkerPool
from scripts.fixtures import sample_images
from tests.imaging.hard_jobs import Die, Fill, Hang, Hold, Modules, Pid, Say, Stumble

LIMITS = ImageLimits(max_pixels=50_000_000, max_dimension=16_384)
GIGABYTE = 1024**3
MILLION = 1_000_000


def new_pool(
    *,
    workers: int = 1,
    queue: int = 8 * MILLION,
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


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  (what other processes do sets no event)
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


async def test_a_picture_is_identified_and_rendered(pool, tmp_path):
    source, destination = tmp_path / "source", tmp_path / "destination"
    source.write_bytes(sample_images.jpeg())
    probe = await pool.identify(source)
    assert (probe.width, probe.height) == (640, 480)
    said = await pool.render(source, Transform(width=64).resolve(probe.source), destination, pixels=1)
    assert (said.width, said.height, said.size) == (64, 48, destination.stat().st_size)
    assert said.body == destination.read_bytes()
    assert not said.is_placed


async def test_a_result_is_moved_to_its_place_where_that_has_a_folder(pool, tmp_path):
    source, destination, place = tmp_path / "source", tmp_path / "destination", tmp_path / "folder" / "place"
    source.write_bytes(sample_images.jpeg())
    recipe = Transform(width=64).resolve((await pool.identify(source)).source)
    said = await pool.render(source, recipe, destination, pixels=1, place=place)
    assert not said.is_placed
    assert said.body == destination.read_bytes()
    place.parent.mkdir()
    said = await pool.render(source, recipe, destination, pixels=1, place=place)
    assert said.is_placed
    assert said.body == place.read_bytes()
    assert place.stat().st_mode & 0o777 == 0o600
    assert not destination.exists()


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (sample_images.text(), UnsupportedFormat, "text/plain"),
        (sample_images.truncated_jpeg(), CorruptImage, "can't be decoded"),
        (sample_images.png_bomb(), TooManyPixels, "neither side may pass 16384"),
    ],
)
async def test_errors_come_home_whole(pool, tmp_path, data, error, reason):
    path = tmp_path / "picture"
    path.write_bytes(data)
    with pytest.raises(error, match=reason) as caught:
        await pool.identify(path)
    assert caught.value.details
    if issubclass(error, Invalid):
        assert list(caught.value.fields) == ["image"]


async def test_a_missing_file_and_a_mistake_of_ours_are_what_they_are(pool, tmp_path):
    with pytest.raises(FileNotFoundError):
        await pool.identify(tmp_path / "nothing")
    with pytest.raises(ZeroDivisionError) as caught:
        await pool.run(Stumble())
    assert "hard_jobs.py" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_a_worker_that_dies_costs_its_own_job_alone(pool, sign):
    with pytest.raises(WorkerCrashed):
        await pool.run(Die(sign))
    assert await pool.run(Say("next")) == "next"


async def test_a_worker_that_died_while_it_was_idle_costs_nothing(pool):
    pid = await pool.run(Pid())
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_running(pid))
    await asyncio.sleep(0)
    assert await pool.run(Pid()) != pid


async def test_a_job_that_hangs_is_killed_at_the_deadline(tmp_path):
    async with new_pool(deadline=0.2) as pool:
        pid = await pool.run(Pid())
        with pytest.raises(TooSlow, match=r"longer than 0\.2 seconds"):
            await pool.run(Hang(tmp_path / "started"))
        await until(lambda: not is_running(pid))
        assert await pool.run(Say("next")) == "next"


async def test_a_real_picture_that_takes_too_long_is_refused(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(sample_images.jpeg_12mp())
    async with new_pool() as patient:
        recipe = Transform.parse({"fm": "avif", "q": "90"}).resolve((await patient.identify(source)).source)
    async with new_pool(deadline=0.3) as pool:
        with pytest.raises(TooSlow):
            await pool.render(source, recipe, tmp_path / "destination", pixels=1)


async def test_memory_has_a_ceiling():
    async with new_pool(memory=256 * 1024**2) as pool:
        assert await pool.run(Fill(100 * 1024**2))
        with pytest.raises(TooManyPixels, match="more memory"):
            await pool.run(Fill(400 * 1024**2))
        assert await pool.run(Say("next")) == "next"


async def test_an_encoder_that_gets_no_memory_says_so_in_our_words(tmp_path):
    """libavif's word for it is a RuntimeError."""
    source = tmp_path / "source"
    source.write_bytes(sample_images.jpeg(400, 300))
    async with new_pool(memory=70 * 1024**2) as pool:
        recipe = Transform.parse({"w": "1600", "fm": "avif"}).resolve((await pool.identify(source)).source)
        with pytest.raises(TooManyPixels, match="more memory"):
            await pool.render(source, recipe, tmp_path / "destination", pixels=1)


async def test_fifty_megapixels_fit_below_the_ceiling(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(sample_images.large_png())
    async with new_pool(deadline=60) as pool:
        probe = await pool.identify(source)
        recipe = Transform.parse({"w": "800", "h": "600", "fm": "webp"}).resolve(probe.source)
        assert (await pool.render(source, recipe, tmp_path / "destination", pixels=1)).width == 800


async def test_who_finds_no_place_to_wait_is_told_at_once(tmp_path):
    async with new_pool(workers=1, queue=MILLION) as pool, asyncio.TaskGroup() as group:
        done = tmp_path / "done"
        group.create_task(pool.run(Hold(1, until=done)))
        waits = group.create_task(pool.run(Say("waited")))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="workers are taken"):
            await pool.run(Say("refused"))
        done.touch()
        assert await waits == "waited"
        assert await pool.run(Say("taken again")) == "taken again"


async def test_the_queue_is_counted_in_pixels(tmp_path):
    async with new_pool(workers=1, queue=20 * MILLION) as pool:
        done = tmp_path / "done"
        runs = asyncio.create_task(pool.run(Hold(1, until=done)))
        await until(pool._free.locked)
        large = asyncio.create_task(pool.run(Say("large"), pixels=15 * MILLION))
        small = asyncio.create_task(pool.run(Say("small"), pixels=5 * MILLION))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="queue is full"):
            await pool.run(Say("too many"), pixels=1)
        done.touch()
        assert await asyncio.gather(runs, large, small) == [1, "large", "small"]


async def test_a_picture_larger_than_the_queue_may_wait_where_nothing_else_does(tmp_path):
    async with new_pool(workers=1, queue=20 * MILLION) as pool:
        done = tmp_path / "done"
        runs = asyncio.create_task(pool.run(Hold(1, until=done)))
        await until(pool._free.locked)
        huge = asyncio.create_task(pool.run(Say("huge"), pixels=50 * MILLION))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(Say("next"), pixels=50 * MILLION)
        done.touch()
        assert await asyncio.gather(runs, huge) == [1, "huge"]


async def test_jobs_run_side_by_side_on_as_many_workers(tmp_path):
    async with new_pool(workers=2, pixels=100 * MILLION) as pool:
        done = tmp_path / "done"
        held = [asyncio.create_task(pool.run(Hold(5, until=done))) for _ in range(3)]
        await until(lambda: pool._pixels.free == 90 * MILLION)
        done.touch()
        assert await asyncio.gather(*held) == [5, 5, 5]


async def test_small_pictures_do_not_wait_for_room(tmp_path):
    async with new_pool(pixels=100 * MILLION) as pool, pool._pixels.reserve(100 * MILLION):
        assert await pool.run(Hold(4, until=tmp_path)) == 4


async def test_pixels_in_flight_are_bounded(tmp_path):
    async with new_pool(workers=3, pixels=100 * MILLION, deadline=5) as pool:
        done = tmp_path / "done"
        large = asyncio.create_task(pool.run(Hold(70, until=done)))
        await until(lambda: pool._pixels.free == 30 * MILLION)
        second = asyncio.create_task(pool.run(Hold(40, until=tmp_path)))
        await until(lambda: pool._pixels.waiting == 1)
        small = asyncio.create_task(pool.run(Hold(10, until=tmp_path)))
        await until(lambda: pool._pixels.waiting == 2)
        assert not second.done()
        assert not small.done()
        done.touch()
        assert await asyncio.gather(large, second, small) == [70, 40, 10]
        assert await pool.run(Hold(1_000, until=tmp_path)) == 1_000
        assert pool._pixels.free == 100 * MILLION


async def test_waiting_for_pixels_does_not_count_against_the_deadline(tmp_path):
    async with new_pool(pixels=100 * MILLION, deadline=0.5) as pool:
        async with pool._pixels.reserve(100 * MILLION):
            waits = asyncio.create_task(pool.run(Hold(50, until=tmp_path)))
            await until(lambda: pool._pixels.waiting == 1)
            await asyncio.sleep(0.6)  # longer than the deadline, on the real clock
            assert not waits.done()
        assert await waits == 50


async def test_a_cancelled_job_is_killed_and_its_place_is_free_again(pool, tmp_path):
    pid = await pool.run(Pid())
    task = asyncio.create_task(pool.run(Hang(tmp_path / "started")))
    await until((tmp_path / "started").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not is_running(pid))
    assert await pool.run(Say("next")) == "next"


async def test_a_job_that_is_cancelled_while_it_waits_costs_nothing(tmp_path):
    async with new_pool(workers=1, queue=MILLION, pixels=10) as pool:
        done = tmp_path / "done"
        runs = asyncio.create_task(pool.run(Hold(10, until=done)))
        waits = asyncio.create_task(pool.run(Say("never")))
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        done.touch()
        assert await runs == 10
        assert await pool.run(Say("next")) == "next"


async def test_closing_ends_all_processes_and_what_runs_is_told(tmp_path):
    threads = set(threading.enumerate())
    pool = new_pool(workers=2)
    pid = await pool.run(Pid())
    task = asyncio.create_task(pool.run(Hang(tmp_path / "started")))
    await until((tmp_path / "started").exists)
    parent = parent_of(pid)
    await pool.close()
    with pytest.raises(Busy, match="stopping"):
        await task
    with pytest.raises(Busy, match="stopping"):
        await pool.run(Say("late"))
    assert not is_running(pid)
    assert not is_running(parent)
    assert set(threading.enumerate()) <= threads
    await pool.close()


async def test_a_lost_nursery_is_started_again(pool):
    pid = await pool.run(Pid())
    parent = parent_of(pid)
    os.kill(parent, signal.SIGKILL)
    await until(lambda: not is_running(parent))
    assert await pool.run(Pid()) == pid
    with pytest.raises(WorkerCrashed):
        await pool.run(Die())
    assert await pool.run(Say("next")) == "next"


async def test_workers_ignore_what_is_told_to_the_server(pool):
    pid = await pool.run(Pid())
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, told)
    assert await pool.run(Pid()) == pid


SERVER = """
import asyncio, sys
from pathlib import Path
from app.imaging.workers.pool import Limits, Pool
from tests.imaging.hard_jobs import Hang, Pid

async def main():
    limits = Limits(max_pixels=1000, max_dimension=100)
    pool = Pool(workers=2, queue=1_000_000, deadline=60, memory=2**30, limits=limits)
    hangs = asyncio.create_task(pool.run(Hang(Path(sys.argv[1]))))
    print("ran", await pool.run(Pid()), flush=True)
    await hangs

print("main", flush=True)
asyncio.run(main())
"""


async def test_no_worker_outlives_a_server_that_is_killed_and_main_runs_once(tmp_path):
    """The program is started without the usual guard on `__name__`: nothing may run it again."""
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
    word, pid = (await server.stdout.readline()).split()
    assert word == b"ran"
    await until(started.exists)
    nursery = parent_of(int(pid))
    family = children_of(nursery)
    assert len(family) == 2
    server.kill()
    await server.communicate()
    await until(lambda: not any(map(is_running, [nursery, *family])))


async def test_a_worker_knows_nothing_of_the_server(pool):
    main, has_loop = await pool.run(Modules())
    assert main == "none"
    assert not has_loop
