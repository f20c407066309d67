"""Worker processes: a fork server with everything loaded, and the workers that it forks.

The fork server receives commands over a socket: spawn a worker for this channel, or kill that one. A worker
receives jobs over its channel. Both exit when their socket closes, so none outlives the server.
"""

import errno
import gc
import os
import pickle
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from PIL import Image

from app.errors import OutOfStorage, PicHubError, TooManyPixels
from app.imaging import intermediates_render, probe, render
from app.imaging.workers.framing import HIRE, LENGTH, ORDER, pack
from app.imaging.workers.jobs import AdmissionRequest, Job, JobDone, JobFailed

PRELOADED = (probe, intermediates_render, render)
"""Modules that jobs need, loaded before the first fork."""

UNRESERVED_PIXELS = 4_000_000
"""Pixels that a worker decodes without asking: every worker has that much memory, and asking takes two messages."""
NICENESS = 5
"""Lower priority than the server, whose cached responses must not wait for decoders."""


def fork_server(orders: socket.socket, memory: int) -> None:
    """Fork a worker with up to `memory` bytes for each spawn command, until the command socket closes."""
    _ignore_signals()
    Image.init()  # load all plugins: workers share the memory and start in a millisecond
    gc.freeze()
    workers: set[int] = set()
    while order := _next_command(orders):
        verb, pid, channel = order
        workers -= _reap(workers)
        if verb == HIRE and channel is not None:
            workers.add(_fork(orders, channel, memory))
        elif pid in workers:
            workers.remove(pid)
            _kill(pid)
    for pid in workers:
        _kill(pid)


def _ignore_signals() -> None:
    """Ctrl-C and a service manager's stop reach all processes; running jobs end with the server, not before."""
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, signal.SIG_IGN)


def _next_command(orders: socket.socket) -> tuple[bytes, int, socket.socket | None] | None:
    try:
        data, descriptors, _, _ = socket.recv_fds(orders, ORDER.size, 1, socket.MSG_WAITALL)
    except ConnectionError:
        return None
    if len(data) < ORDER.size:
        return None
    verb, pid = ORDER.unpack(data)
    return verb, pid, socket.socket(fileno=descriptors[0]) if descriptors else None


def _fork(orders: socket.socket, channel: socket.socket, memory: int) -> int:
    pid = os.fork()
    if pid == 0:
        orders.close()
        _worker_main(channel, memory)
    channel.close()
    return pid


def _reap(workers: set[int]) -> set[int]:
    """Reap workers that have exited, and return their process ids, which may be reused from now on."""
    return {pid for pid in workers if os.waitpid(pid, os.WNOHANG) != (0, 0)}


def _kill(pid: int) -> None:
    """A worker that was not reaped keeps its process id, so that no other process is killed."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _worker_main(channel: socket.socket, memory: int) -> NoReturn:
    """The life of a worker; never returns to the fork server's code."""
    try:
        _limit_memory(memory)
        with channel.makefile("rwb") as stream:
            _serve(cast("BinaryIO", stream))
    except (EOFError, OSError):
        pass  # the server has exited
    finally:
        os._exit(0)


def _limit_memory(memory: int) -> None:
    """Limit data, not address space: mapped libraries and memory shared with the fork server do not count."""
    with suppress(ValueError, OSError):  # not all systems support it
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)
    os.umask(0o077)  # files only for the owner
    with suppress(OSError):  # if the machine runs out of memory, kill a worker before the server
        Path("/proc/self/oom_score_adj").write_text("500")


def _serve(stream: BinaryIO) -> None:
    _send(stream, os.getpid())
    while True:
        _send(stream, _outcome(_receive(stream), stream))


def _outcome(job: Job[Any], stream: BinaryIO) -> JobDone[Any] | JobFailed:
    def admit(pixels: int) -> None:
        if pixels <= UNRESERVED_PIXELS:
            return
        _send(stream, AdmissionRequest(pixels))
        _receive(stream)

    try:
        return JobDone(job.run(admit))
    except PicHubError as error:
        return JobFailed(error)
    except MemoryError:
        return JobFailed(TooManyPixels("out_of_memory", "The image needs more memory than allowed."))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return JobFailed(OutOfStorage("The disk is full", reason="disk_full"))
        error.add_note("".join(traceback.format_exception(error)))  # tracebacks can't be pickled
        return JobFailed(error)


def _send(stream: BinaryIO, message: Any) -> None:
    stream.write(pack(message))
    stream.flush()


def _receive(stream: BinaryIO) -> Any:
    """Receive a message. Raises EOFError if the other end has closed."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    return pickle.loads(stream.read(*LENGTH.unpack(head)))  # noqa: S301  (from our own server)


def main() -> None:
    """Entry point of the fork server. Arguments: `fd memory`."""
    descriptor, memory = map(int, sys.argv[1:])
    with socket.socket(fileno=descriptor) as orders:
        fork_server(orders, memory)
