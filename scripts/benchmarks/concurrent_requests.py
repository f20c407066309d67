"""Many who ask at once for one new variant."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from statistics import mean

from scripts.benchmarks.processes import HOST, Failed
from scripts.benchmarks.servers import Server, Wish

TOGETHER = 32
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
    """One alone and then all at once, so many times: both have the same moments of a machine that has good and bad."""
    server.warm_up(wish)
    paths = server.fresh(wish, 2 * bursts)
    server.used(wish, len(paths))
    alone, together = [], []
    for one, all_at_once in zip(paths[::2], paths[1::2], strict=True):
        alone.append(_seen(server, one, at_once=1))
        together.append(_seen(server, all_at_once, at_once=TOGETHER))
    return Together(
        wall=mean(seen.wall for seen in together),
        cpu_of_one=mean(seen.cpu for seen in alone),
        cpu=mean(seen.cpu for seen in together),
        whole=min(seen.whole for seen in together),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """Of one path: milliseconds, milliseconds of CPU, how many of the answers are whole and equal."""

    wall: float
    cpu: float
    whole: int


def _seen(server: Server, path: str, *, at_once: int) -> _Seen:
    server.tree.settle()
    before = server.tree.cpu()
    wall, answers = asyncio.run(_ask(server.port, path, at_once))
    server.tree.settle()
    return _Seen(wall, (server.tree.cpu() - before) * 1000, _whole_and_equal(answers))


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
