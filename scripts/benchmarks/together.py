"""Many who ask at once for one new variant."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from statistics import mean

from scripts.benchmarks.processes import HOST, Failed
from scripts.benchmarks.servers import Server, Wish

TOGETHER = 32
SINGLES = 8
DEADLINE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Milliseconds until the last had its answer; of CPU for one alone, and for all at once; the fewest that were
    whole and equal."""

    wall: float
    cpu_of_one: float
    cpu: float
    whole: int


def measure(server: Server, wish: Wish, *, bursts: int) -> Together:
    server.warm_up(wish)
    paths = server.fresh(wish, SINGLES + bursts)
    server.used(wish, len(paths))
    _, cpu_of_one, _ = _seen(server, paths[:SINGLES], at_once=1)
    walls, cpu, wholes = _seen(server, paths[SINGLES:], at_once=TOGETHER)
    return Together(wall=mean(walls), cpu_of_one=cpu_of_one, cpu=cpu, whole=min(wholes))


def _seen(server: Server, paths: list[str], *, at_once: int) -> tuple[list[float], float, list[int]]:
    """Milliseconds for each path, milliseconds of CPU for one of them, how many answers of each are whole and equal."""
    server.tree.settle()
    before, walls, wholes = server.tree.cpu(), [], []
    for path in paths:
        wall, answers = asyncio.run(_ask(server.port, path, at_once))
        walls.append(wall)
        wholes.append(_whole_and_equal(answers))
    server.tree.settle()
    return walls, (server.tree.cpu() - before) / len(paths) * 1000, wholes


def _whole_and_equal(answers: list[bytes | None]) -> int:
    whole = Counter(answer for answer in answers if answer)
    return whole.most_common(1)[0][1] if whole else 0


async def _ask(port: int, path: str, at_once: int) -> tuple[float, list[bytes | None]]:
    """Milliseconds, and the answers; None for one that failed. All are connected before the first one asks.

    Raises Failed.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            streams = [await asyncio.open_connection(HOST, port) for _ in range(at_once)]
            started = time.perf_counter()
            answers = await asyncio.gather(*(_answer(*stream, path) for stream in streams))
            return (time.perf_counter() - started) * 1000, answers
    except OSError as error:  # TimeoutError is one
        raise Failed(f"{at_once} at once: {error!r}") from error


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes | None:
    """The body, if it is as long as the answer says and the status is 200."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    if headers.get("transfer-encoding") == "chunked":
        raise Failed("An answer in chunks: its length is not known beforehand")
    is_whole = " 200 " in f"{status} " and int(headers.get("content-length", -1)) == len(body)
    return body if is_whole else None
