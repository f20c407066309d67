"""PostgreSQL and Redis over TLS: what is trusted works, what is not is told in the words of who refused it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tortoise import connections

from app.coordination.redis.client import check_version
from app.coordination.redis.commands import RedisUnavailable
from app.db.config import tortoise_config
from app.db.lifecycle import database
from app.errors import DatabaseUnreachable
from app.observability.health import NotReady
from app.settings import parse_redis_url
from scripts.fixtures.servers import postgres
from scripts.fixtures.servers.valkey import ValkeyServer, connect, running_valkey
from tests.cli.test_commands import run
from tests.proxies.tls_proxy import CertificateAuthority, certificate_authority, tls_proxy

PASSWORD = "se:cret/@?#%"
WRITTEN = "se%3Acret%2F%40%3F%23%25"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return certificate_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def postgres_port(certificates: CertificateAuthority) -> AsyncIterator[int]:
    port = urlsplit(postgres.server_url()).port or 5432
    async with tls_proxy(port, certificates.context(), postgres=True) as port:
        yield port


@pytest.mark.parametrize(
    ("host", "options", "refusal"),
    [
        ("localhost", "sslmode=require", None),
        ("localhost", "sslmode=verify-full&sslrootcert={ca}", None),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert={ca}", None),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", "not valid for '127.0.0.1'"),
        ("localhost", "sslmode=verify-full&sslrootcert={other}", "unable to get local issuer"),
        ("localhost", "sslmode=verify-full&sslrootcert=system", "unable to get local issuer"),
    ],
)
async def test_postgresql_over_tls(
    certificates: CertificateAuthority, postgres_port: int, host: str, options: str, refusal: str | None
) -> None:
    said = options.format(ca=certificates.ca, other=certificates.other)
    url = f"postgres://pichub:{WRITTEN}@{host}:{postgres_port}/postgres?{said}"
    if refusal is None:
        async with database(tortoise_config(url)):
            asked = connections.get("default").execute_query_dict
            assert await asyncio.gather(*(asked("SELECT 1 AS one") for _ in range(3))) == [[{"one": 1}]] * 3
        return
    with pytest.raises(DatabaseUnreachable) as refused:
        async with database(tortoise_config(url)):
            pass
    assert refusal in str(refused.value.__cause__)


@pytest.mark.parametrize(
    ("host", "options", "refusal"),
    [
        ("localhost", "ssl_ca_certs={ca}", None),
        ("localhost", "ssl_cert_reqs=none", None),
        ("127.0.0.1", "ssl_ca_certs={ca}&ssl_check_hostname=no", None),
        ("127.0.0.1", "ssl_ca_certs={ca}", "not valid for '127.0.0.1'"),
        ("localhost", "ssl_ca_certs={other}", "unable to get local issuer"),
        ("localhost", "", "unable to get local issuer"),
    ],
)
async def test_redis_over_tls(
    certificates: CertificateAuthority, redis_url: str, host: str, options: str, refusal: str | None
) -> None:
    said = options.format(ca=certificates.ca, other=certificates.other)
    async with tls_proxy(urlsplit(redis_url).port or 6379, certificates.context()) as port:
        url = parse_redis_url(f"rediss://{host}:{port}/3?{said}")
        async with connect(url) as redis:
            if refusal is None:
                assert "edis" in await redis.version() or "Valkey" in await redis.version()
            else:
                with pytest.raises(RedisUnavailable, match=refusal):
                    await redis.version()


def user(server: ValkeyServer) -> None:
    """One who may do what docs/operations.md says that it must."""
    may = ["~pichub:*", "&pichub:*", "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection"]
    assert server.command("ACL", "SETUSER", "pichub", "on", f">{PASSWORD}", *may).startswith(b"+OK")


async def test_a_user_of_redis_with_the_rights_that_are_asked_for_is_enough(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running_valkey() as server:
        user(server)
        url = server.url.replace("redis://", f"redis://pichub:{WRITTEN}@")
        async with connect(parse_redis_url(url)) as redis:
            assert (await redis.version()).startswith("Valkey")
            await redis.check()
        assert caplog.records == []


async def test_who_is_refused_is_told_why_and_no_password(
    tmp_path: Path, certificates: CertificateAuthority
) -> None:
    with running_valkey() as server:
        user(server)
        database_url = postgres.server_url().replace("pichub:secret", f"stranger:{WRITTEN}")
        environ = {
            "PICHUB_DATABASE_URL": database_url,
            "PICHUB_REDIS_URL": server.url.replace("redis://", f"redis://pichub:{WRITTEN}x@"),
        }
        doctor = await asyncio.to_thread(run, "doctor", "--json", "--data-dir", str(tmp_path), **environ)
        started = await asyncio.to_thread(run, "serve", "--data-dir", str(tmp_path / "data"), **environ)
    lines = {line["about"]: line["said"] for line in json.loads(doctor.stdout)}
    assert (doctor.returncode, started.returncode) == (1, 1)
    assert 'role "stranger" does not exist' in lines["database"]
    assert "invalid username-password pair" in lines["redis"]
    assert started.stderr.splitlines()[-1].startswith("pichub: The database is unreachable")
    assert 'role "stranger" does not exist' in started.stderr
    assert "Traceback" not in started.stderr
    assert not any(
        word in doctor.stdout + doctor.stderr + started.stderr for word in (PASSWORD, WRITTEN, "cret")
    )


def test_a_redis_that_is_too_old_is_named() -> None:
    assert check_version("redis", "6.2.14") == "Redis 6.2.14"
    assert check_version("valkey", "9.1.2") == "Valkey 9.1.2"
    for server, version in (("redis", "6.0.16"), ("redis", "5.0.14"), ("valkey", "7.1.0")):
        with pytest.raises(NotReady, match=f"{server.capitalize()} {version} is too old"):
            check_version(server, version)
