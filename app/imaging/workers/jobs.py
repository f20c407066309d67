"""Jobs of a worker, and its messages.

Decoders are imported where a job runs, so that the server loads none.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from app.imaging.intermediates import Step
from app.imaging.limits import Admit, ImageLimits
from app.imaging.results import Probe, RenderResult
from app.imaging.transform import Recipe

T_co = TypeVar("T_co", covariant=True)


class Job(Protocol[T_co]):
    """Work for a worker, sent by pickle. It calls `admit` before it allocates much memory."""

    def run(self, admit: Admit) -> T_co: ...


@dataclass(frozen=True, slots=True)
class IdentifyJob:
    path: Path
    limits: ImageLimits
    intermediates: Mapping[Step, Path] | None

    def run(self, admit: Admit) -> Probe:
        from app.imaging.probe import identify

        return identify(self.path, self.limits, intermediates=self.intermediates, admit=admit)


@dataclass(frozen=True, slots=True)
class ReduceJob:
    source: Path
    destinations: Mapping[Step, Path]

    def run(self, admit: Admit) -> None:
        from app.imaging.intermediates_render import render_intermediates

        render_intermediates(self.source, self.destinations, admit=admit)


@dataclass(frozen=True, slots=True)
class RenderJob:
    source: Path
    recipe: Recipe
    destination: Path
    step: Step | None
    place: Path | None = None

    def run(self, admit: Admit) -> RenderResult:
        from app.imaging.render import render

        rendered = render(self.source, self.recipe, self.destination, step=self.step, admit=admit)
        return replace(rendered, is_stored=True) if self._is_placed() else rendered

    def _is_placed(self) -> bool:
        """Move the result to its final place if possible. Doing so here saves the server a thread and a wait."""
        if self.place is not None:
            with suppress(OSError):  # the folder is missing: `put` creates it or reports the problem
                self.destination.replace(self.place)
                return True
        return False


@dataclass(frozen=True, slots=True)
class PingJob:
    """Does nothing: its completion shows that the worker works."""

    def run(self, admit: Admit) -> None: ...


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """The worker asks for memory for this many pixels, and waits for the reply."""

    pixels: int


@dataclass(frozen=True, slots=True)
class JobDone(Generic[T_co]):
    value: T_co


@dataclass(frozen=True, slots=True)
class JobFailed:
    error: Exception
