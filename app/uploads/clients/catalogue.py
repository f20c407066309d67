"""The tools that PicHub writes configurations for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.uploads.clients import files, scripts, steps
from app.uploads.clients.steps import Steps
from app.uploads.clients.target import Target

JSON, TOML, SCRIPT = "application/json", "application/toml", "application/x-sh"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that uploads. `write` gives the text of the file that it reads, `steps` say how that is put to use."""

    title: str
    filename: str
    media_type: str
    write: Callable[[Target], str]
    steps: Steps


@dataclass(frozen=True, slots=True)
class Uploader:
    """A tool's file, written for one server and one token."""

    name: str
    tool: Tool
    content: str


def uploader(name: str, target: Target) -> Uploader:
    """Raises KeyError where there is no such tool."""
    tool = TOOLS[name]
    return Uploader(name, tool, tool.write(target))


def uploaders(target: Target) -> list[Uploader]:
    """All of them."""
    return [uploader(name, target) for name in TOOLS]


TOOLS: Mapping[str, Tool] = {
    "sharex": Tool("ShareX", "pichub.sxcu", JSON, files.sharex, steps.SHAREX),
    "picgo": Tool("PicGo", "picgo.json", JSON, files.picgo, steps.PICGO),
    "piclist": Tool("PicList", "piclist.json", JSON, files.piclist, steps.PICLIST),
    "upic": Tool("uPic", "upic.json", JSON, files.upic, steps.UPIC),
    "upgit": Tool("upgit", "upgit.toml", TOML, files.upgit, steps.UPGIT),
    "typora": Tool("Typora", "pichub-typora.sh", SCRIPT, scripts.shell, steps.TYPORA),
    "flameshot": Tool("Flameshot", "pichub-flameshot.sh", SCRIPT, scripts.flameshot, steps.FLAMESHOT),
    "shell": Tool("curl", "pichub-upload.sh", SCRIPT, scripts.shell, steps.SHELL),
    "pichub": Tool("pichub upload", "upload.toml", TOML, files.pichub, steps.PICHUB),
}
