"""Concurrent requests for one new variant."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from statistics import mean

from scripts.benchmarks.processes import HOST, ProcessFailed
from scripts.benchmarks.servers import BenchmarkServer, Workload

CONCURRENT_REQUESTS = 32
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrentLatency:
    """Milliseconds until the last response; CPU milliseconds for one request and for all; lowest number of complete and
    equal responses.
    """

    wall: float
    cpu_of_one: float
    cpu: float
    whole: int


def measure(server: BenchmarkServer, workload: Workload, *, bursts: int) -> ConcurrentLatency:
    """Alternate one request and a burst, `bursts` times, so that both see the same variations of the machine."""
    server.warm_up(workload)
    paths = server.unused_urls(workload, 2 * bursts)
    server.mark_used(workload, len(paths))
    alone, together = [], []
    for one, all_at_once in zip(paths[::2], paths[1::2], strict=True):
        alone.append(_burst(server, one, at_once=1))
        together.append(_burst(server, all_at_once, at_once=CONCURRENT_REQUESTS))
    return ConcurrentLatency(
        wall=mean(seen.wall for seen in together),
        cpu_of_one=mean(seen.cpu for seen in alone),
        cpu=mean(seen.cpu for seen in together),
        whole=min(seen.whole for seen in together),
    )


@dataclass(frozen=True, slots=True)
class _Burst:
    """One path: milliseconds, CPU milliseconds, number of complete and equal responses."""

    wall: float
    cpu: float
    whole: int


def _burst(server: BenchmarkServer, path: str, *, at_once: int) -> _Burst:
    server.tree.settle()
    before = server.tree.cpu()
    wall, answers = asyncio.run(_request_concurrently(server.port, path, at_once))
    server.tree.settle()
    return _Burst(wall, (server.tree.cpu() - before) * 1000, _complete_and_equal(answers))


def _complete_and_equal(answers: list[bytes | None]) -> int:
    whole = Counter(answer for answer in answers if answer)
    return whole.most_common(1)[0][1] if whole else 0


async def _request_concurrently(port: int, path: str, at_once: int) -> tuple[float, list[bytes | None]]:
    """Return milliseconds and the responses, None for a failed one. All connect before the first request is sent.

    Raises ProcessFailed.
    """
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            streams = [await asyncio.open_connection(HOST, port) for _ in range(at_once)]
            started = time.perf_counter()
            answers = await asyncio.gather(*(_read_response(*stream, path) for stream in streams))
            return (time.perf_counter() - started) * 1000, answers
    except OSError as error:  # includes TimeoutError
        raise ProcessFailed(f"{at_once} at once: {error!r}") from error


async def _read_response(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> bytes | None:
    """Return the body if the status is 200 and the length matches Content-Length."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    if headers.get("transfer-encoding") == "chunked":
        raise ProcessFailed("An answer in chunks: its length is not known beforehand")
    is_whole = " 200 " in f"{status} " and int(headers.get("content-length", -1)) == len(body)
    return body if is_whole else None
