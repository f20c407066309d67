"""The servers that are measured: ours as people run it, and the peers as their documentation has them run."""

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
from scripts.benchmarks.processes import HOST, PATIENCE, Failed, Tree, first_answer, free_port, running

UNLIMITED = {f"PICHUB_LIMIT_{name}": "off" for name in ("API", "UPLOAD", "FAILURES", "MISSES")}

COPIES = 48
"""The same photograph under so many names: enough addresses for all loads, none of them asked for twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A kind of transform whose sizes may differ a little, so that none is cached."""

    name: str
    about: str
    width: int
    height: int
    format: str
    quality: int = 80

    def sizes(self) -> list[tuple[int, int]]:
        """Sizes around the middle one, near and far mixed, the same each time.

        In its proportions within a hundredth: beyond that thumbor crops first, and decodes all pixels to do so.
        """
        ratio, widths = round(self.width / self.height, 2), range(self.width - 80, self.width + 81)
        around = [(w, h) for w in widths for h in range(1, self.height * 2) if round(w / h, 2) == ratio]
        around.remove((self.width, self.height))
        return sorted(around, key=lambda size: (size[0] * 7919 + size[1] * 104_729) % 1009)


WEBP = Wish(name="webp", about="12 MP JPEG → 800×600 WebP q80", width=800, height=600, format="webp")
JPEG = Wish(name="jpeg", about="12 MP JPEG → 300×225 JPEG q80", width=300, height=225, format="jpeg")

Address = Callable[[Wish, int, int, int], str]
"""The path of a wish for one copy of the photograph in one size."""

FINE = Wish(
    name="fine", about="12 MP JPEG → 700×525 WebP q90", width=700, height=525, format="webp", quality=90
)
"""Of a quality that we make from the original, in sizes for which sharp and we decode a quarter of it."""


@dataclass
class Server:
    """A server that runs, and the addresses of it that were not asked for yet."""

    name: str
    port: int
    tree: Tree
    address: Address
    keeps: bool = True
    headers: Sequence[str] = ()
    started_in: float = 0.0
    idle_memory: float = 0.0
    _used: dict[str, int] = field(default_factory=dict)
    _usual: dict[str, bytes] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def same(self, wish: Wish) -> str:
        """The path that is asked for again and again."""
        return self.address(wish, 0, wish.width, wish.height)

    def fresh(self, wish: Wish, count: int) -> list[str]:
        """The next paths that nobody asked for, or as many as are left."""
        sizes, at = wish.sizes(), self._used.get(wish.name, 0)
        return [
            self.address(wish, i % COPIES, *sizes[i // COPIES])
            for i in range(at, min(at + count, len(sizes) * COPIES))
        ]

    def used(self, wish: Wish, count: int) -> None:
        self._used[wish.name] = self._used.get(wish.name, 0) + count

    def warm_up(self, wish: Wish) -> bytes:
        """The bytes of the usual variant, once all copies were asked for theirs. Raises Failed where one is wrong."""
        if wish.name not in self._usual:
            answers = [
                self._answer(self.address(wish, copy, wish.width, wish.height), wish)
                for copy in range(COPIES)
            ]
            self._usual[wish.name] = answers[0]
        return self._usual[wish.name]

    def _answer(self, path: str, wish: Wish) -> bytes:
        try:
            with urlopen(self.url(path), timeout=PATIENCE) as answer:  # noqa: S310  (it is http)
                data: bytes = answer.read()
            with Image.open(BytesIO(data)) as picture:
                seen = picture.format, picture.size
        except (OSError, HTTPException) as error:  # refused, cut short, too late, or no picture
            raise Failed(f"{self.name} answers {path} with {error}") from error
        if seen != (wish.format.upper(), (wish.width, wish.height)):
            raise Failed(f"{self.name} answers {path} with {seen}")
        return data


Start = Callable[[Scratch, Path, Sequence[Path]], AbstractContextManager[Server]]
"""Runs a server in the folder for all of them, with these copies of the photograph."""


@contextmanager
def servers(scratch: Scratch, photo: Path, others: Sequence[Start] = ()) -> Iterator[list[Server]]:
    """All servers, then the others, until the end of the block, each with nothing cached."""
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
def _pichub(_: Scratch, work: Path, names: Sequence[Path]) -> Iterator[Server]:
    """`pichub serve` as it comes, without rate limits; pictures are uploaded over REST with its first start's token."""
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
        first_answer(port, "/")
        ids = uploaded(port, token_of(folder / "first.log"), names)
    extension = {"webp": "webp", "jpeg": "jpg"}

    def address(wish: Wish, copy: int, width: int, height: int) -> str:
        return f"/img/{ids[copy]}.{extension[wish.format]}?w={width}&h={height}&fit=cover&q={wish.quality}"

    with timed(
        lambda port: [*command, "--port", str(port)], folder, f"/img/{ids[0]}", lambda _: UNLIMITED
    ) as (
        port,
        tree,
        took,
        idle,
    ):
        yield Server("PicHub", port, tree, address, started_in=took, idle_memory=idle)


def token_of(log: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(r"API token\s+(\S+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise Failed(f"pichub serve printed no token:\n{log.read_text()}")


def uploaded(port: int, token: str, names: Sequence[Path]) -> list[str]:
    ids = []
    for name in names:
        answer = requests.post(
            f"http://{HOST}:{port}/v1/upload",
            headers={"Authorization": f"Bearer {token}"},
            files={"image": (name.name, name.read_bytes(), "image/jpeg")},
            timeout=PATIENCE,
        )
        if not answer.ok:
            raise Failed(f"The upload was answered with {answer.status_code}: {answer.text}")
        ids.append(answer.json()["data"]["id"])
    return ids


@contextmanager
def _node_sharp(scratch: Scratch, work: Path, _: Sequence[Path]) -> Iterator[Server]:
    folder = work / "node"
    folder.mkdir()

    def command(port: int) -> list[str | Path]:
        pictures, cache = work / "pictures", folder / "cache"
        return [scratch.node, PEERS / "server.mjs", scratch.packages, pictures, cache, str(port)]

    def address(wish: Wish, copy: int, width: int, height: int) -> str:
        return f"/{width}x{height}/{wish.format}/{wish.quality}/photo-{copy}.jpg"

    with timed(command, folder, "/") as (port, tree, took, idle):
        yield Server("node+sharp", port, tree, address, started_in=took, idle_memory=idle)


@contextmanager
def _ipx(scratch: Scratch, work: Path, _: Sequence[Path]) -> Iterator[Server]:
    """By its own command; it keeps no results."""
    folder = work / "ipx"
    folder.mkdir()
    program = scratch.packages / "node_modules" / "ipx" / "bin" / "ipx.mjs"

    def command(port: int) -> list[str | Path]:
        where = ["--port", str(port), "--host", HOST]
        return [scratch.node, program, "serve", "--dir", work / "pictures", *where]

    def address(wish: Wish, copy: int, width: int, height: int) -> str:
        return f"/s_{width}x{height},fit_cover,f_{wish.format},q_{wish.quality}/photo-{copy}.jpg"

    with timed(command, folder, "/") as (port, tree, took, idle):
        yield Server("ipx", port, tree, address, keeps=False, started_in=took, idle_memory=idle)


@contextmanager
def _thumbor(scratch: Scratch, work: Path, _: Sequence[Path]) -> Iterator[Server]:
    """One process with a thread a core for its engine, which by default it has not, and results kept as files."""
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

    def address(wish: Wish, copy: int, width: int, height: int) -> str:
        return (
            f"/unsafe/{width}x{height}/filters:format({wish.format}):quality({wish.quality})/photo-{copy}.jpg"
        )

    with timed(command, folder, "/healthcheck") as (port, tree, took, idle):
        yield Server("thumbor", port, tree, address, started_in=took, idle_memory=idle)


@contextmanager
def timed(
    command: Callable[[int], Sequence[str | Path]],
    folder: Path,
    path: str,
    environment: Callable[[int], Mapping[str, str]] = lambda _: {},
) -> Iterator[tuple[int, Tree, float, float]]:
    """A server that answers: port, processes, the median seconds from start to answer of five starts, MB when idle."""
    starts = []
    for i in range(5):
        port = free_port()
        with running(command(port), log=folder / f"start-{i}.log", cwd=folder, env=environment(port)):
            starts.append(first_answer(port, path))
    port = free_port()
    with running(command(port), log=folder / "serve.log", cwd=folder, env=environment(port)) as tree:
        first_answer(port, path)
        tree.settle()
        yield port, tree, median(starts), tree.memory()
