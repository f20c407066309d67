"""The npm package sharp, the reference for sizes and pixels."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests import npm

SCRIPT = Path(__file__).with_name("sharp.mjs")


@dataclass(frozen=True, slots=True)
class SharpResult:
    """Size of the result (of one frame) in pixels, and CPU time in milliseconds."""

    width: int
    height: int
    cpu: float


class Sharp:
    """A Node.js process with sharp, single-threaded and without a cache.

    with Sharp() as sharp:
        sharp.write(source, target, {"width": 300, "fit": "cover"}, "jpeg", quality=80)
    """

    def __enter__(self) -> Self:
        self._node = subprocess.Popen(
            [npm.NODE, SCRIPT, npm.SHARP.install()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._node.kill()
        self._node.communicate()

    def write(
        self,
        source: Path,
        target: Path,
        resize: dict[str, Any],
        format: str,
        *,
        animated: bool = False,
        **options: Any,
    ) -> SharpResult:
        assert self._node.stdin
        assert self._node.stdout
        job = {"input": str(source), "output": str(target), "resize": resize, "format": format}
        print(json.dumps(job | {"animated": animated, "options": options}), file=self._node.stdin, flush=True)
        reply = json.loads(self._node.stdout.readline())
        assert "error" not in reply, reply["error"]
        return SharpResult(**reply)
