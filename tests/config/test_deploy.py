"""The deployment files agree with the settings, with the programs, and with each other."""

import configparser
import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings

from tenants.core.json.strict_json import MAX_BYTES

CONFIG = Path(__file__).resolve().parents[2] / "config"
DEPLOY = CONFIG / "deploy"
# What the programs set for themselves; nobody gives it to them.
OWN = {"DJANGO_SETTINGS_MODULE"}
READ = re.compile(
    r'(?:text|words|whole|switch|required_in_production|environ\.get)\(\s*"([A-Z_]+)"'
)


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / f"{name}.service")
    return parser["Service"]


def nginx(directive):
    [value] = re.findall(
        rf"^ *{directive} +(\S+);", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE
    )
    return value


@pytest.fixture
def gunicorn():
    return runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))


def test_the_readme_lists_exactly_the_variables_that_are_read():
    files = [CONFIG / "settings.py", CONFIG / "environment.py", DEPLOY / "gunicorn.conf.py"]
    files += [*(CONFIG / "postgres").glob("*.py"), *(CONFIG / "demo").glob("*.py")]
    read = {name for file in files for name in READ.findall(file.read_text())}
    # By its own name in workflows/runtime/workers/dispatcher.py.
    read.add("SAYR_WORKER_GROUP")

    rows = re.findall(r"^\|(.*?)\|", (DEPLOY / "README.md").read_text(), re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}

    assert listed == read - OWN


@pytest.mark.parametrize("name", ["sayr-web", "sayr-worker"])
def test_only_the_main_process_is_asked_to_stop(name):
    assert unit(name)["KillMode"] == "mixed"


def test_a_worker_may_drain_before_it_is_killed():
    supervisors_own = 5
    assert (
        int(unit("sayr-worker")["TimeoutStopSec"])
        > settings.SAYR["GRACE_SECONDS"] + supervisors_own
    )


def test_web_requests_may_finish_before_they_are_cut_off(gunicorn):
    assert int(unit("sayr-web")["TimeoutStopSec"]) > gunicorn["graceful_timeout"]


def test_nginx_lets_go_of_a_connection_before_gunicorn_does(gunicorn):
    assert int(nginx("keepalive_timeout").removesuffix("s")) < gunicorn["keepalive"]
    assert int(nginx("proxy_read_timeout").removesuffix("s")) > gunicorn["timeout"]


def test_nginx_takes_what_the_api_takes():
    assert f"client_max_body_size {MAX_BYTES // 1024}k;" in (DEPLOY / "nginx.conf").read_text()
