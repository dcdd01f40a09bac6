"""The servers the other tests stand on: real, private, fresh, and gone afterwards."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support import servers
from tests.support.loopback import NetworkForbidden, forbid_other_machines

ROOT = Path(__file__).resolve().parents[2]


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"))


def test_each_postgres_url_is_an_empty_database_of_its_own() -> None:
    first, second = servers.postgres_url(), servers.postgres_url()
    with connect(first) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
    with connect(second) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    for url in (first, second):
        servers.drop_postgres(url)
    with pytest.raises(psycopg.OperationalError):
        connect(first)


def test_a_postgres_database_can_be_copied_from_a_template() -> None:
    template = servers.postgres_url()
    with connect(template) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
    copy = servers.postgres_url(template.partition("@/")[2].partition("?")[0])
    with connect(copy) as connection:
        assert connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (True,)


def test_the_programs_beside_postgres_are_there() -> None:
    done = subprocess.run(
        [servers.postgres_programs() / "pg_dump", "--version"], capture_output=True, text=True
    )
    assert "pg_dump (PostgreSQL)" in done.stdout


def test_valkey_is_empty_at_each_use_and_listens_on_no_port() -> None:
    with redis.Redis.from_url(servers.valkey_url()) as client:
        client.set("left", "over")
    with redis.Redis.from_url(servers.valkey_url()) as client:
        assert client.get("left") is None
        assert client.config_get("port") == {"port": "0"}


def test_a_killed_valkey_can_be_started_again_on_the_same_socket() -> None:
    server = servers.start_valkey()
    server.kill()
    with pytest.raises(redis.ConnectionError), redis.Redis.from_url(server.url) as client:
        client.ping()
    again = servers.start_valkey(Path(server.url.removeprefix("unix://")))
    with redis.Redis.from_url(again.url) as client:
        assert client.ping()
    again.stop()


def test_servers_end_when_their_test_process_is_killed() -> None:
    program = (
        "from tests.support import servers; servers.postgres_url(); servers.valkey_url();"
        "both = servers._postgres()[0], servers._shared_valkey();"
        "print(*[f'{server.process.pid} {server.log.parent}' for server in both], flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    words = child.stdout.readline().decode().split()
    pids, folders = words[::2], words[1::2]
    child.kill()
    child.communicate()
    end = time.monotonic() + 15
    while any(Path(f"/proc/{int(pid)}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    for folder in folders:
        shutil.rmtree(folder)
    assert len(pids) == 2
    assert not any(Path(f"/proc/{int(pid)}").exists() for pid in pids)


def test_other_machines_are_out_of_reach() -> None:
    forbid_other_machines()
    with pytest.raises(NetworkForbidden), socket.socket() as trial:
        trial.connect(("192.0.2.1", 9))
    with pytest.raises(NetworkForbidden):
        socket.getaddrinfo("example.org", 80)
    assert socket.getaddrinfo("localhost", 80)
