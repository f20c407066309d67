# ruff: noqa: S603  (what is started here is named in this file)
"""A real PicHub on loopback, in a process group of its own, that can be killed whole and started again."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.benchmarks.processes import HOST, PATIENCE, Failed, Tree, first_answer, free_port, is_running

ROOT = Path(__file__).parents[2]
PICHUB: tuple[str, ...] = (str(Path(sys.executable).with_name("pichub")),)
UNLIMITED = dict.fromkeys(("API", "UPLOAD", "FAILURES", "MISSES"), "off")
TOKEN = re.compile(r"pchb_pat_\w{20,}")
"""A whole one: lists show its beginning."""


class Server:
    """PicHub on the data folder `folder / "data"`, which outlives its processes. What they write is in `folder`'s log.

    server = Server(folder, min_free_disk="1MB")
    with server.running():
        httpx2.get(f"{server.url}/v1/images", headers=server.headers)
        server.kill()
        server.start()

    Options are settings by the names of their fields. Limits are off unless they are given. `command` is what runs
    PicHub, and `base` the environment: those of another version may stand there.
    """

    def __init__(
        self,
        folder: Path,
        *,
        data: Path | None = None,
        command: Sequence[str] = PICHUB,
        base: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = data or folder / "data"
        self.log = folder / "serve.log"
        self.port = 0
        self.token = ""
        self._command = command
        limits = {f"PICHUB_LIMIT_{name}": value for name, value in UNLIMITED.items()}
        given = {f"PICHUB_{name.upper()}": value for name, value in settings.items()}
        folders = {"PICHUB_DATA_DIR": str(self.data)}
        self._environ = _bare() | dict(base or {}) | limits | folders | given
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """Those that sign as the first account."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def environ(self) -> dict[str, str]:
        """That of its process."""
        return dict(self._environ)

    @property
    def tree(self) -> Tree:
        if self._process is None:
            raise Failed("The server does not run")
        return Tree(self._process.pid)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @contextmanager
    def running(self) -> Iterator["Server"]:
        """From a start to an end in order; the server may be killed and started between."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self, *, wait: bool = True) -> float:
        """Seconds from the start to the first answer, where that is waited for. Raises Failed."""
        self.port = free_port()
        begun = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as written:
            self._process = subprocess.Popen(
                [*self._command, "serve"],
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self._environ | {"PICHUB_PORT": str(self.port)},
                start_new_session=True,
            )
        if not wait:
            return 0.0
        try:
            return first_answer(self.port, "/v1/images")
        except Failed as error:
            raise Failed(f"{error}: {self.said(begun)[-2000:]}") from error
        finally:
            if found := TOKEN.search(self.said(begun)):
                self.token = found[0]

    def kill(self) -> None:
        """SIGKILL to every process of the group at once. Returns when they are gone. Raises Failed if one stays."""
        if self._process is None:
            return
        pids, until = self.tree.pids(), time.monotonic() + PATIENCE
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        while left := [pid for pid in pids if is_running(pid)]:
            if time.monotonic() > until:
                raise Failed(f"Killed, and still there: {left}")
            time.sleep(0.01)

    def stop(self) -> int | None:
        """SIGTERM to the server alone, as a supervisor does; what it left is killed. Its exit code."""
        if self._process is None:
            return None
        process, code = self._process, None
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(PATIENCE)
        self.kill()
        return code

    def run(self, *arguments: str, **settings: str) -> str:
        """What another `pichub` command on the same folder prints. Raises Failed."""
        environ = self._environ | {f"PICHUB_{name.upper()}": value for name, value in settings.items()}
        done = subprocess.run(
            [*self._command, *arguments],
            check=False, capture_output=True, text=True, timeout=300, cwd=self.folder, env=environ,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"pichub {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def said(self, since: int = 0) -> str:
        """What the server has written to its log, from a byte on."""
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def tracebacks(self) -> int:
        """How many failures nobody foresaw stand in the log."""
        return self.said().count("Traceback (most recent call last)")

    def _signal(self, number: int) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _bare() -> dict[str, str]:
    """This environment without settings of a PicHub that may run here too."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PICHUB_")}
