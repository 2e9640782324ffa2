"""`python -m config.demo` as people use it: one line says what is."""

import os
import signal
import socket
import subprocess
import sys

import psycopg
import pytest
from django.db import connection

from config.demo import addresses
from config.demo.addresses import HOST
from config.demo.database import kept_database
from config.demo.errors import AlreadyRunning, ForeignDatabase, NoFreePort
from config.demo.interruption import Interruption
from config.demo.lock import end_running_demo, only_demo
from config.postgres.address import PROJECT_ROOT
from tests.support.tenants import make_tenant

# Holds the lock of the data directory until SIGTERM, as a demo does.
HOLD = """
import signal, time
from config.demo.lock import only_demo
signal.signal(signal.SIGTERM, lambda *_: exit(0))
with only_demo():
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def data_root(tmp_path, monkeypatch):
    monkeypatch.setenv("SAYR_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def other_demo(data_root):
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


def demo(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "config.demo", *arguments],
        cwd=PROJECT_ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


def test_a_second_demo_says_in_one_line_that_one_runs(other_demo):
    second = demo()

    told = f"The demo is running already (process {other_demo.pid}): make stop ends it.\n"
    assert (second.returncode, second.stdout, second.stderr) == (1, "", told)
    assert other_demo.poll() is None


def test_stop_ends_a_demo_that_runs_elsewhere(other_demo):
    assert demo("stop").stdout == "The demo is stopped.\n"
    assert other_demo.wait(5) == 0

    again = demo("stop")
    assert (again.returncode, again.stdout) == (0, "No demo was running.\n")


def test_the_lock_of_a_demo_that_was_killed_holds_nobody_up(other_demo):
    other_demo.send_signal(signal.SIGKILL)
    other_demo.wait()

    assert not end_running_demo()
    with only_demo():
        pass


def test_a_demo_keeps_others_out_only_while_it_runs(data_root):
    with only_demo(), pytest.raises(AlreadyRunning, match=str(os.getpid())), only_demo():
        pass

    with only_demo():
        pass


def test_an_unknown_argument_is_answered_with_the_usage(data_root):
    answer = demo("--chekc")

    assert answer.returncode == 2
    assert answer.stderr == "Usage: python -m config.demo [--check | stop]\n"
    assert list(data_root.iterdir()) == []


def test_the_demo_refuses_production(data_root):
    answer = demo(SAYR_ENVIRONMENT="production")

    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "known passwords" in answer.stderr
    assert list(data_root.iterdir()) == []


def test_a_database_that_does_not_answer_is_told_in_one_line(data_root):
    answer = demo(DATABASE_URL=f"postgresql:///sayr?host={data_root}", DATABASE_OWNER_URL="")

    assert answer.returncode == 1
    assert answer.stderr.startswith("The database: ")
    assert answer.stderr.count("\n") == 1


def test_a_disk_that_cannot_be_written_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")

    answer = demo(SAYR_DATA_DIR=str(tmp_path / "file" / "data"), DATABASE_URL="")

    assert answer.returncode == 1
    assert answer.stderr == f"The demo: Not a directory ({tmp_path / 'file' / 'data'}).\n"


def test_a_failed_check_ends_with_one_line_that_says_so(data_root):
    url = f"postgresql:///sayr?host={data_root}"

    answer = demo("--check", DATABASE_URL=url, DATABASE_OWNER_URL=url)

    assert answer.returncode == 1
    assert answer.stdout.startswith("FAILED ")
    assert (answer.stdout.count("\n"), answer.stderr) == (1, "")


def test_an_interrupted_check_stops_everything(tmp_path):
    command = [sys.executable, "-m", "config.demo", "--check"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "DATABASE_OWNER_URL": ""}
    with socket.create_server((HOST, 0)) as silent:
        # A server that takes the call and says nothing: the check waits for it.
        environment["DATABASE_URL"] = f"postgresql://{HOST}:{silent.getsockname()[1]}/sayr"
        with (
            subprocess.Popen(
                command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, text=True
            ) as process,
            _taken(silent),
        ):
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=15)

    assert (process.returncode, said) == (1, "FAILED interrupted\n")
    assert list(tmp_path.iterdir()) == []


def _taken(server):
    server.settimeout(15)
    return server.accept()[0]


def test_a_database_with_other_data_is_not_touched(
    transactional_db, monkeypatch, django_user_model
):
    make_tenant("acme")
    django_user_model.objects.create(username="somebody")
    monkeypatch.setenv("DATABASE_URL", _url())
    monkeypatch.setenv("DATABASE_OWNER_URL", "")

    with pytest.raises(ForeignDatabase), kept_database(Interruption()):
        pass


def test_the_demos_own_database_is_taken_again(transactional_db, monkeypatch, django_user_model):
    make_tenant("cedar")
    django_user_model.objects.create(username="ops")
    monkeypatch.setenv("DATABASE_URL", _url())
    monkeypatch.setenv("DATABASE_OWNER_URL", "")

    with kept_database(Interruption()) as address:
        assert address.app_url == address.owner_url == _url()


def _url():
    settings = connection.settings_dict
    values = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"]}
    values |= {"password": settings["PASSWORD"], "port": settings["PORT"]}
    return psycopg.conninfo.make_conninfo(**{key: one for key, one in values.items() if one})


def test_a_port_in_use_is_passed_over():
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert addresses._free_from(port) > port


def test_no_free_port_is_told(monkeypatch):
    monkeypatch.setattr(addresses, "TRIED", 1)
    with socket.create_server((HOST, 0)) as taken, pytest.raises(NoFreePort):
        addresses._free_from(taken.getsockname()[1])


def test_free_ports_are_three_different_ones():
    found = addresses.any_free()

    assert len({found.web_port, found.sandbox_port, found.mail_port}) == 3
