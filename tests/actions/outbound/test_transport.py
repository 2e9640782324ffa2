"""TLS, threads and forks: what a kept-alive session must survive."""

import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from actions.errors import TemporaryFailure
from actions.outbound.client import send
from actions.outbound.request import Request
from actions.outbound.transport import session


def get(url, timeout_seconds=3):
    return send(Request("GET", url), idempotency_key="run-1", timeout_seconds=timeout_seconds)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself; its file holds the key as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def tls_server(raw_server, certificate):
    """Like raw_server, behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def start(answer):
        return raw_server(answer, context).replace("http://", "https://")

    return start


def reply(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server):
    url = tls_server(reply)

    with pytest.raises(TemporaryFailure) as failure:
        get(url)

    assert failure.value.code == "certificate_refused"
    assert failure.value.params == {"host": "127.0.0.1", "may_have_arrived": False}


def test_encryption_that_breaks_after_the_request_is_a_lost_answer(
    tls_server, certificate, monkeypatch
):
    def break_off(connection):
        with socket.socket(fileno=os.dup(connection.fileno())) as plain:
            plain.sendall(b"no record of TLS at all")

    monkeypatch.setattr(session(), "verify", str(certificate))

    with pytest.raises(TemporaryFailure) as failure:
        get(tls_server(break_off))

    assert failure.value.code == "connection_lost"
    assert failure.value.params == {"host": "127.0.0.1", "may_have_arrived": True}


def test_an_answer_over_tls(tls_server, certificate, monkeypatch):
    monkeypatch.setattr(session(), "verify", str(certificate))

    assert get(tls_server(reply)).body == "ok"


def test_a_dripping_answer_over_tls_ends_at_the_deadline(tls_server, certificate, monkeypatch):
    def drip(connection):
        for sign in b"HTTP/1.1 200 " + b"O" * 100:
            connection.sendall(bytes([sign]))
            threading.Event().wait(0.05)

    monkeypatch.setattr(session(), "verify", str(certificate))

    with pytest.raises(TemporaryFailure, match="timed_out"):
        get(tls_server(drip), timeout_seconds=0.6)


def test_a_server_that_never_finishes_the_handshake_ends_in_time(raw_server):
    url = raw_server(lambda connection: threading.Event().wait(2))

    with pytest.raises(TemporaryFailure) as failure:
        get(url.replace("http://", "https://"), timeout_seconds=0.5)

    assert failure.value.code in {"unreachable", "timed_out"}


def test_each_thread_has_its_own_session_and_deadline(sandbox):
    """A slow call in one thread does not end at the deadline of a quick one in another."""
    sandbox.behave("hook", "slow", seconds=0.6, path="/hook/slow")
    statuses = []
    slow = threading.Thread(
        target=lambda: statuses.append(get(f"{sandbox.base_url}/hook/slow", 3).status)
    )
    slow.start()
    for _ in range(20):
        get(f"{sandbox.base_url}/hook/a", 0.3)
    slow.join()

    assert statuses == [200]


def test_a_forked_process_does_not_share_its_parents_connections(sandbox):
    get(f"{sandbox.base_url}/hook/a")
    before = session()

    child = os.fork()
    if child == 0:
        os._exit(0 if session() is not before else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert session() is before
