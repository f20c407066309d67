"""Upload clients for which PicHub writes configurations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.uploads.clients import files, scripts, steps
from app.uploads.clients.steps import Steps
from app.uploads.clients.target import Target

JSON, TOML, SCRIPT = "application/json", "application/toml", "application/x-sh"


@dataclass(frozen=True, slots=True)
class UploadClient:
    """An upload client. `render` returns the text of its configuration, `steps` how to use it."""

    title: str
    filename: str
    media_type: str
    render: Callable[[Target], str]
    steps: Steps


@dataclass(frozen=True, slots=True)
class ClientConfiguration:
    """A client's configuration for one server and one token."""

    name: str
    client: UploadClient
    content: str


def configuration(name: str, target: Target) -> ClientConfiguration:
    """Return the configuration of a client. Raises KeyError if it is unknown."""
    tool = UPLOAD_CLIENTS[name]
    return ClientConfiguration(name, tool, tool.render(target))


def configurations(target: Target) -> list[ClientConfiguration]:
    """Return all configurations."""
    return [configuration(name, target) for name in UPLOAD_CLIENTS]


UPLOAD_CLIENTS: Mapping[str, UploadClient] = {
    "sharex": UploadClient("ShareX", "pichub.sxcu", JSON, files.sharex, steps.SHAREX),
    "picgo": UploadClient("PicGo", "picgo.json", JSON, files.picgo, steps.PICGO),
    "piclist": UploadClient("PicList", "piclist.json", JSON, files.piclist, steps.PICLIST),
    "upic": UploadClient("uPic", "upic.json", JSON, files.upic, steps.UPIC),
    "upgit": UploadClient("upgit", "upgit.toml", TOML, files.upgit, steps.UPGIT),
    "typora": UploadClient("Typora", "pichub-typora.sh", SCRIPT, scripts.shell, steps.TYPORA),
    "flameshot": UploadClient("Flameshot", "pichub-flameshot.sh", SCRIPT, scripts.flameshot, steps.FLAMESHOT),
    "shell": UploadClient("curl", "pichub-upload.sh", SCRIPT, scripts.shell, steps.SHELL),
    "pichub": UploadClient("pichub upload", "upload.toml", TOML, files.pichub, steps.PICHUB),
}
