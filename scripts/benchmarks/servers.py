"""The measured servers: ours with default settings, and the peers as their documentation runs them."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from shutil import copyfile, rmtree
from statistics import median
from urllib.request import urlopen

import requests
from PIL import Image

from scripts.benchmarks.machine import PEERS, Scratch
from scripts.benchmarks.processes import (
    HOST,
    START_TIMEOUT_SECONDS,
    ProcessFailed,
    ProcessTree,
    free_port,
    running,
    wait_until_ready,
)

UNLIMITED = {f"PICHUB_LIMIT_{name}": "off" for name in ("API", "UPLOAD", "AUTH_FAILURES", "RENDERS")}

COPIES = 48
"""Copies of the photograph under different names: enough distinct URLs for all loads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A transform whose size varies a little, so that no result is cached."""

    name: str
    description: str
    width: int
    height: int
    format: str
    quality: int = 80

    def sizes(self) -> list[tuple[int, int]]:
        """Return sizes around the nominal one, near and far mixed, always in the same order.

        Proportions vary by less than a hundredth: beyond that thumbor crops first, which decodes all pixels.
        """
        ratio, widths = round(self.width / self.height, 2), range(self.width - 80, self.width + 81)
        around = [(w, h) for w in widths for h in range(1, self.height * 2) if round(w / h, 2) == ratio]
        around.remove((self.width, self.height))
        return sorted(around, key=lambda size: (size[0] * 7919 + size[1] * 104_729) % 1009)


WEBP = Workload(
    name="webp", description="12 MP JPEG → 800×600 WebP q80", width=800, height=600, format="webp"
)
JPEG = Workload(
    name="jpeg", description="12 MP JPEG → 300×225 JPEG q80", width=300, height=225, format="jpeg"
)

Address = Callable[[Workload, int, int, int], str]
"""Return the path of a workload for one copy of the photograph in one size."""

FINE_SIZES = Workload(
    name="fine", description="12 MP JPEG → 700×525 WebP q90", width=700, height=525, format="webp", quality=90
)
"""A quality that PicHub renders from the original, in sizes for which sharp and PicHub decode a quarter of it."""


@dataclass
class BenchmarkServer:
    """A running server, and its unused URLs."""

    name: str
    port: int
    tree: ProcessTree
    address: Address
    keeps: bool = True
    headers: Sequence[str] = ()
    started_in: float = 0.0
    idle_memory: float = 0.0
    _used: dict[str, int] = field(default_factory=dict)
    _usual: dict[str, bytes] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def repeated_url(self, workload: Workload) -> str:
        """Return the path for repeated requests."""
        return self.address(workload, 0, workload.width, workload.height)

    def unused_urls(self, workload: Workload, count: int) -> list[str]:
        """Return the next unused paths, at most `count`."""
        sizes, at = workload.sizes(), self._used.get(workload.name, 0)
        return [
            self.address(workload, i % COPIES, *sizes[i // COPIES])
            for i in range(at, min(at + count, len(sizes) * COPIES))
        ]

    def mark_used(self, workload: Workload, count: int) -> None:
        self._used[workload.name] = self._used.get(workload.name, 0) + count

    def warm_up(self, workload: Workload) -> bytes:
        """Request a variant of each copy; return the bytes of the usual one. Raises ProcessFailed if one is wrong."""
        if workload.name not in self._usual:
            answers = [
                self._answer(self.address(workload, copy, workload.width, workload.height), workload)
                for copy in range(COPIES)
            ]
            self._usual[workload.name] = answers[0]
        return self._usual[workload.name]

    def _answer(self, path: str, workload: Workload) -> bytes:
        try:
            with urlopen(self.url(path), timeout=START_TIMEOUT_SECONDS) as answer:  # noqa: S310  (it is http)
                data: bytes = answer.read()
            with Image.open(BytesIO(data)) as picture:
                seen = picture.format, picture.size
        except (OSError, HTTPException) as error:  # refused, truncated, late, or not an image
            raise ProcessFailed(f"{self.name} answers {path} with {error}") from error
        if seen != (workload.format.upper(), (workload.width, workload.height)):
            raise ProcessFailed(f"{self.name} answers {path} with {seen}")
        return data


Start = Callable[[Scratch, Path, Sequence[Path]], AbstractContextManager[BenchmarkServer]]
"""Run a server in this folder, with these copies of the photograph."""


@contextmanager
def servers(scratch: Scratch, photo: Path, others: Sequence[Start] = ()) -> Iterator[list[BenchmarkServer]]:
    """Run all servers until the block ends, each with nothing cached."""
    work = scratch.folder / "servers"
    rmtree(work, ignore_errors=True)
    names = _copies(photo, work / "pictures")
    with ExitStack() as stack:
        yield [
            stack.enter_context(start(scratch, work, names))
            for start in (_pichub, _node_sharp, _ipx, _thumbor, *others)
        ]


def _copies(photo: Path, folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    copies = [folder / f"photo-{i}.jpg" for i in range(COPIES)]
    for copy in copies:
        copyfile(photo, copy)
    return copies


@contextmanager
def _pichub(_: Scratch, work: Path, names: Sequence[Path]) -> Iterator[BenchmarkServer]:
    """Run `pichub serve` with default settings except rate limits, and upload the images over REST."""
    folder = work / "pichub"
    folder.mkdir()
    command: list[str | Path] = [
        Path(sys.executable).parent / "pichub",
        "serve",
        "--data-dir",
        folder / "data",
    ]
    port = free_port()
    with running([*command, "--port", str(port)], log=folder / "first.log", cwd=folder, env=UNLIMITED):
        wait_until_ready(port, "/")
        ids = upload_all(port, token_of(folder / "first.log"), names)
    extension = {"webp": "webp", "jpeg": "jpg"}

    def address(workload: Workload, copy: int, width: int, height: int) -> str:
        return f"/img/{ids[copy]}.{extension[workload.format]}?w={width}&h={height}&fit=cover&q={workload.quality}"

    with timed_server(
        lambda port: [*command, "--port", str(port)], folder, f"/img/{ids[0]}", lambda _: UNLIMITED
    ) as (
        port,
        tree,
        took,
        idle,
    ):
        yield BenchmarkServer("PicHub", port, tree, address, started_in=took, idle_memory=idle)


def token_of(log: Path) -> str:
    until = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < until:
        if found := re.search(r"API token\s+(\S+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise ProcessFailed(f"pichub serve printed no token:\n{log.read_text()}")


def upload_all(port: int, token: str, names: Sequence[Path]) -> list[str]:
    ids = []
    for name in names:
        answer = requests.post(
            f"http://{HOST}:{port}/v1/upload",
            headers={"Authorization": f"Bearer {token}"},
            files={"image": (name.name, name.read_bytes(), "image/jpeg")},
            timeout=START_TIMEOUT_SECONDS,
        )
        if not answer.ok:
            raise ProcessFailed(f"The upload was answered with {answer.status_code}: {answer.text}")
        ids.append(answer.json()["data"]["id"])
    return ids


@contextmanager
def _node_sharp(scratch: Scratch, work: Path, _: Sequence[Path]) -> Iterator[BenchmarkServer]:
    folder = work / "node"
    folder.mkdir()

    def command(port: int) -> list[str | Path]:
        pictures, cache = work / "pictures", folder / "cache"
        return [scratch.node, PEERS / "server.mjs", scratch.packages, pictures, cache, str(port)]

    def address(workload: Workload, copy: int, width: int, height: int) -> str:
        return f"/{width}x{height}/{workload.format}/{workload.quality}/photo-{copy}.jpg"

    with timed_server(command, folder, "/") as (port, tree, took, idle):
        yield BenchmarkServer("node+sharp", port, tree, address, started_in=took, idle_memory=idle)


@contextmanager
def _ipx(scratch: Scratch, work: Path, _: Sequence[Path]) -> Iterator[BenchmarkServer]:
    """Run ipx's own command; it keeps no results."""
    folder = work / "ipx"
    folder.mkdir()
    program = scratch.packages / "node_modules" / "ipx" / "bin" / "ipx.mjs"

    def command(port: int) -> list[str | Path]:
        where = ["--port", str(port), "--host", HOST]
        return [scratch.node, program, "serve", "--dir", work / "pictures", *where]

    def address(workload: Workload, copy: int, width: int, height: int) -> str:
        return f"/s_{width}x{height},fit_cover,f_{workload.format},q_{workload.quality}/photo-{copy}.jpg"

    with timed_server(command, folder, "/") as (port, tree, took, idle):
        yield BenchmarkServer("ipx", port, tree, address, keeps=False, started_in=took, idle_memory=idle)


@contextmanager
def _thumbor(scratch: Scratch, work: Path, _: Sequence[Path]) -> Iterator[BenchmarkServer]:
    """Run thumbor in one process with one engine thread per core (not its default) and results kept as files."""
    folder = work / "thumbor"
    folder.mkdir()
    config = folder / "thumbor.conf"
    config.write_text(
        "LOADER = 'thumbor.loaders.file_loader'\n"
        f"FILE_LOADER_ROOT_PATH = {str(work / 'pictures')!r}\n"
        "STORAGE = 'thumbor.storages.no_storage'\n"
        "RESULT_STORAGE = 'thumbor.result_storages.file_storage'\n"
        f"RESULT_STORAGE_FILE_STORAGE_ROOT_PATH = {str(folder / 'results')!r}\n"
        "RESULT_STORAGE_STORES_UNSAFE = True\n"
        f"ENGINE_THREADPOOL_SIZE = {os.cpu_count()}\n"
    )

    def command(port: int) -> list[str | Path]:
        return [scratch.thumbor, "--ip", HOST, "--port", str(port), "--conf", config, "--log-level", "error"]

    def address(workload: Workload, copy: int, width: int, height: int) -> str:
        filters = f"format({workload.format}):quality({workload.quality})"
        return f"/unsafe/{width}x{height}/filters:{filters}/photo-{copy}.jpg"

    with timed_server(command, folder, "/healthcheck") as (port, tree, took, idle):
        yield BenchmarkServer("thumbor", port, tree, address, started_in=took, idle_memory=idle)


@contextmanager
def timed_server(
    command: Callable[[int], Sequence[str | Path]],
    folder: Path,
    path: str,
    environment: Callable[[int], Mapping[str, str]] = lambda _: {},
) -> Iterator[tuple[int, ProcessTree, float, float]]:
    """Run a server and measure it: port, processes, median seconds of five starts, MB when idle."""
    starts = []
    for i in range(5):
        port = free_port()
        with running(command(port), log=folder / f"start-{i}.log", cwd=folder, env=environment(port)):
            starts.append(wait_until_ready(port, path))
    port = free_port()
    with running(command(port), log=folder / "serve.log", cwd=folder, env=environment(port)) as tree:
        wait_until_ready(port, path)
        tree.settle()
        yield port, tree, median(starts), tree.memory()
