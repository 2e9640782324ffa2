"""A step reaches public addresses only."""

import socket
from ipaddress import ip_address

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.addresses import AddressRefused, is_public, target_of
from actions.outbound.client import send
from actions.outbound.request import Request


def get(url):
    return send(Request("GET", url), idempotency_key="run-1", timeout_seconds=3)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "localhost",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "2852039166",
        "192.0.0.192",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
    ],
)
def test_no_spelling_of_a_private_address_is_called(host, monkeypatch):
    called = []
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection", lambda *args, **options: called.append(args)
    )

    with pytest.raises(PermanentFailure) as failure:
        get(f"http://{host}:8080/hook/a")

    assert failure.value.code == "address_not_allowed"
    assert called == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "localhost", "[::ffff:127.0.0.1]"])
def test_another_spelling_of_an_allowed_host_is_not_allowed(sandbox, host):
    port = sandbox.host_and_port.rpartition(":")[2]

    with pytest.raises(PermanentFailure, match="address_not_allowed"):
        get(f"http://{host}:{port}/hook/a")

    assert sandbox.received() == []


def test_an_allowed_host_is_allowed_on_its_port_only(sandbox):
    assert get(f"{sandbox.base_url}/hook/a").status == 200

    with pytest.raises(PermanentFailure, match="address_not_allowed"):
        get(f"http://127.0.0.1:{sandbox.smtp_port + 1}/")


def test_a_name_that_leads_to_a_private_address_is_refused(sandbox, monkeypatch):
    port = int(sandbox.host_and_port.rpartition(":")[2])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)

    with pytest.raises(PermanentFailure) as failure:
        get(f"http://shop.example.com:{port}/hook/a")

    assert (failure.value.code, failure.value.params["host"]) == (
        "address_not_allowed",
        "shop.example.com",
    )
    assert sandbox.received() == []


def test_a_name_is_resolved_once_and_that_address_is_called(sandbox, monkeypatch):
    """A name that turns private between the check and the call changes nothing."""
    asked = []

    def resolve(host, port, *args, **options):
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    called = []

    def connect(address, *args, **options):
        called.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)

    with pytest.raises(TemporaryFailure, match="unreachable"):
        get("http://shop.example.com/")

    assert (asked, called) == (["shop.example.com"], [("93.184.215.14", 80)])


def test_own_public_addresses_can_be_denied(settings, monkeypatch):
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"DENIED_ADDRESSES": ["93.184.215.14"]}}

    with pytest.raises(PermanentFailure, match="address_not_allowed"):
        get("http://93.184.215.14/")


def test_a_name_that_does_not_exist_is_temporary(monkeypatch):
    def resolve(*args, **options):
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(TemporaryFailure) as failure:
        get("http://nowhere.example.com/")

    assert failure.value.code == "unreachable"
    assert failure.value.params["may_have_arrived"] is False


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "",
        "http://",
        "http:///path",
        "http://user:password@example.com/",
        "http://exa mple.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com/\r\nX: 1",
        "http://example.com:99999/",
        "http://[::1",
        "http://[zz]/",
    ],
)
def test_an_address_that_is_no_web_address_is_refused(url):
    with pytest.raises(PermanentFailure) as failure:
        get(url)

    assert failure.value.code == "bad_address"


def test_a_password_in_an_address_is_not_repeated_in_the_failure():
    with pytest.raises(PermanentFailure) as failure:
        get("http://user:hunter22@example.com/")

    assert "hunter22" not in str(failure.value)


@pytest.mark.parametrize("host", ["a" * 64 + ".example.com", "..", "xn--a.example.com\u3002"])
def test_a_name_that_cannot_be_one_is_refused(host):
    with pytest.raises((PermanentFailure, TemporaryFailure)) as failure:
        get(f"http://{host}/")

    assert failure.value.code in {"bad_address", "unreachable"}


def test_two_addresses_of_one_server_have_one_origin():
    assert target_of("https://API.example.com/a").origin == "https://api.example.com:443"
    assert target_of("https://api.example.com:443/b").origin == "https://api.example.com:443"
    with pytest.raises(AddressRefused):
        target_of("https://")


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111"])
def test_public_addresses_are_public(address):
    assert is_public(ip_address(address))
