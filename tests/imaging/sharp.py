"""The npm package sharp, which our pictures are measured against."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests import npm

SCRIPT = Path(__file__).with_name("sharp.mjs")


@dataclass(frozen=True, slots=True)
class Answer:
    """Pixels of what was written (of one frame), and milliseconds of CPU that it took."""

    width: int
    height: int
    cpu: float


class Sharp:
    """A node process with sharp in it, on one thread and without a cache.

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
    ) -> Answer:
        assert self._node.stdin
        assert self._node.stdout
        job = {"input": str(source), "output": str(target), "resize": resize, "format": format}
        print(json.dumps(job | {"animated": animated, "options": options}), file=self._node.stdin, flush=True)
        answer = json.loads(self._node.stdout.readline())
        assert "error" not in answer, answer["error"]
        return Answer(**answer)
