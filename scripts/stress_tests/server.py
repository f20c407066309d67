# ruff: noqa: S603  (the commands are constants of this file)
"""A real server on loopback in a process group, to be killed and started again."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.benchmarks.processes import (
    HOST,
    START_TIMEOUT_SECONDS,
    ProcessFailed,
    ProcessTree,
    free_port,
    is_running,
    wait_until_ready,
)

ROOT = Path(__file__).parents[2]
PICHUB: tuple[str, ...] = (str(Path(sys.executable).with_name("pichub")),)
UNLIMITED = {f"PICHUB_LIMIT_{name}": "off" for name in ("API", "UPLOAD", "AUTH_FAILURES", "RENDERS")}
UNLIMITED_BEFORE_RENAME = {f"PICHUB_LIMIT_{name}": "off" for name in ("API", "UPLOAD", "FAILURES", "MISSES")}
"""The limits by their former names, for earlier versions."""
TOKEN = re.compile(r"pchb_pat_\w{20,}")
"""A full token: lists show only the beginning."""


class StressServer:
    """PicHub on the data folder `folder / "data"`, which outlives its processes. Their log is in `folder`.

        server = StressServer(folder, min_free_disk="1MB")
        with server.running():
            httpx2.get(f"{server.url}/v1/images", headers=server.headers)
            server.kill()
            server.start()

    Keyword arguments are settings by field name. Rate limits are off by default. `command` and `base` are
    the command and environment, for other versions of PicHub.
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
        self.log_file = folder / "serve.log"
        self.port = 0
        self.token = ""
        self._command = command
        limits = UNLIMITED if command == PICHUB else UNLIMITED | UNLIMITED_BEFORE_RENAME
        given = {f"PICHUB_{name.upper()}": value for name, value in settings.items()}
        folders = {"PICHUB_DATA_DIR": str(self.data)}
        self._environ = _clean_environment() | dict(base or {}) | limits | folders | given
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """Authorization of the first account."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def environ(self) -> dict[str, str]:
        """Environment of the process."""
        return dict(self._environ)

    @property
    def tree(self) -> ProcessTree:
        if self._process is None:
            raise ProcessFailed("The server does not run")
        return ProcessTree(self._process.pid)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @contextmanager
    def running(self) -> Iterator["StressServer"]:
        """Start, and stop at the end of the block. The server may be killed and started in between."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self, *, wait: bool = True) -> float:
        """Start the process. With `wait`, return the seconds until the first response. Raises ProcessFailed."""
        self.port = free_port()
        begun = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as written:
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
            return wait_until_ready(self.port, "/v1/images")
        except ProcessFailed as error:
            raise ProcessFailed(f"{error}: {self.read_log(begun)[-2000:]}") from error
        finally:
            if found := TOKEN.search(self.read_log(begun)):
                self.token = found[0]

    def kill(self) -> None:
        """Kill the process group with SIGKILL and wait until it is gone. Raises ProcessFailed if a process stays."""
        if self._process is None:
            return
        pids, until = self.tree.pids(), time.monotonic() + START_TIMEOUT_SECONDS
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        while left := [pid for pid in pids if is_running(pid)]:
            if time.monotonic() > until:
                raise ProcessFailed(f"Killed, and still there: {left}")
            time.sleep(0.01)

    def stop(self) -> int | None:
        """Send SIGTERM to the server alone, as a supervisor does, then kill the rest. Return its exit code."""
        if self._process is None:
            return None
        process, code = self._process, None
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(START_TIMEOUT_SECONDS)
        self.kill()
        return code

    def run(self, *arguments: str, **settings: str) -> str:
        """Run another `pichub` command on the same folder and return its output. Raises ProcessFailed."""
        environ = self._environ | {f"PICHUB_{name.upper()}": value for name, value in settings.items()}
        done = subprocess.run(
            [*self._command, *arguments],
            check=False, capture_output=True, text=True, timeout=300, cwd=self.folder, env=environ,
        )  # fmt: skip
        if done.returncode:
            raise ProcessFailed(f"pichub {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def read_log(self, since: int = 0) -> str:
        """Return the server's log from a byte offset on."""
        with self.log_file.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def tracebacks(self) -> int:
        """Count the tracebacks in the log."""
        return self.read_log().count("Traceback (most recent call last)")

    def _signal(self, number: int) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _clean_environment() -> dict[str, str]:
    """Return the environment without PicHub's settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PICHUB_")}
