"""The files for deployment (containers, systemd, proxy) match the application."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.auth.url_secrets import DatabaseKeyring
from app.cli import COMMANDS
from app.cli.checks import settings_conflicts
from app.db.config import is_postgres
from app.lifespan import database_url, keyring, storage_location
from app.settings import Settings, settings_table
from app.storage.locations import Bucket
from tests.cli.test_commands import PICHUB, run, serving

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("pichub:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNIT = DEPLOY / "pichub@.service"
KNOWN = {name for name, _, _ in settings_table()}
PINNED = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?:\d+\.\d+[\w.-]*")
"""A pinned image without a registry."""


def filled(text: str) -> str:
    """Replace variables, as Compose does."""
    return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda name: VALUES[name[1]], text)


VALUES = {
    "PUBLIC_URL": "https://pictures.example.org",
    "DATABASE_PASSWORD": "d" * 48,
    "STORAGE_ACCESS_KEY": "a" * 16,
    "STORAGE_SECRET_KEY": "s" * 48,
    "URL_SECRET": "u" * 48,
}


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_without_registry(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


def test_base_images_are_pinned() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 2
    assert all(PINNED.fullmatch(image) for image in images)


@pytest.mark.parametrize("name", OURS)
def test_settings_of_containers_are_valid(name: str) -> None:
    environ = {key: filled(value) for key, value in OURS[name]["environment"].items()}
    assert set(environ) <= KNOWN
    settings = Settings.load(environ)
    assert settings.worker == "external"
    assert settings.shutdown_delay < int(OURS[name]["stop_grace_period"].removesuffix("s"))


def test_example_env_has_the_required_variables() -> None:
    required = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    listed = set(re.findall(r"^(\w+)=$", (DEPLOY / "example.env").read_text(), re.MULTILINE))
    assert required == listed == set(VALUES)


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_and_volumes_of_services_exist(name: str) -> None:
    service = SERVICES[name]
    waited = service.get("depends_on", [])
    assert set(waited) <= set(SERVICES)
    if isinstance(waited, dict):
        assert all("healthcheck" in SERVICES[each] for each in waited)
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / source).exists()


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_restricted(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert [volume.split(":")[1] for volume in service["volumes"]] == ["/data"]
    assert service.get("command", ["serve"])[0] in COMMANDS


def test_image_runs_unprivileged_with_a_health_check() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in final
    assert "VOLUME /data" in final
    assert "STOPSIGNAL SIGTERM" in final
    (check,) = re.findall(r'^HEALTHCHECK .*CMD \["pichub", "(\w+)"\]$', final, re.MULTILINE)
    assert check in COMMANDS
    assert set(re.findall(r"PICHUB_\w+", DOCKERFILE)) <= KNOWN
    for lock in ("serve", "otel"):
        assert (ROOT / "scripts" / "locks" / f"{lock}.txt").exists()


def test_proxy_knows_the_servers_of_compose() -> None:
    proxy = (DEPLOY / "nginx.conf").read_text()
    servers = {name for name in OURS if name != "worker"}
    assert set(re.findall(r"server ([\w-]+):8000 ", proxy)) == servers == {"server-1", "server-2"}
    assert SERVICES["proxy"]["ports"] == ["8080:80"]


@pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx here")
def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"server-\d:8000", "127.0.0.1:8000", text).replace("/var/cache/nginx", str(tmp_path))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {tmp_path / kind};" for kind in kinds)
    text = f"pid {tmp_path / 'pid'};" + text.replace("http {", "http {" + places, 1)
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_unit_is_restricted_and_uses_known_settings() -> None:
    unit = UNIT.read_text()
    assert set(re.findall(r"PICHUB_[A-Z_]+(?==)", unit)) - {"PICHUB_NAME"} <= KNOWN
    for line in ("ProtectSystem=strict", "NoNewPrivileges=yes", "StateDirectory=pichub", "User=pichub"):
        assert line in unit.splitlines()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "pichub@8001.service"
    unit.write_text(UNIT.read_text().replace("/opt/pichub/bin/pichub", str(PICHUB)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if "pichub@" in line] == []


def test_health_command_uses_the_settings(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as (_, url):
        port = url.rpartition(":")[2]
        alive = run("health", PICHUB_PORT=port)
        ready = run("health", "--ready", PICHUB_PORT=port, PICHUB_HOST="0.0.0.0")
    assert (alive.returncode, alive.stdout) == (0, "ok\n")
    assert ready.returncode == 0
    assert '"status":"ready"' in ready.stdout
    gone = run("health", PICHUB_PORT=port)
    assert gone.returncode == 1
    assert gone.stderr.startswith(f"pichub: 127.0.0.1:{port} does not answer")


def test_documented_settings_for_several_servers_are_valid() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    (block,) = re.findall(r"<!-- several machines -->\n\n```sh\n(.*?)```", page, re.DOTALL)
    environ = dict(line.split("=", 1) for line in block.splitlines())
    assert set(environ) <= KNOWN
    settings = Settings.load(environ)
    assert isinstance(storage_location(settings), Bucket)
    assert is_postgres(database_url(settings))
    assert isinstance(keyring(settings), DatabaseKeyring)
    assert list(settings_conflicts.conflicts(settings, secret_is_shared=True)) == []
