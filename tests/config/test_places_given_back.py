"""However an answer ends, the place of who asked is given back: over real sockets."""

import socket
from http.client import HTTPConnection
from threading import Event, Thread

import pytest
from django.contrib import admin
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from config.web.one_person import PLACES
from tests.support.live import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

GO_ON = Event()
MANY = 200
PIECE = b"x" * 65536


def pieces():
    for number in range(MANY):
        if number:
            GO_ON.wait(30)
        yield PIECE


def broken_pieces():
    yield PIECE
    raise RuntimeError("no")


def slow(_request):
    GO_ON.wait(30)
    return HttpResponse(PIECE * MANY)


def error(_request):
    raise RuntimeError("no")


urlpatterns = [
    path("admin/", admin.site.urls),  # where the page of an error leads
    path("stream/", lambda _request: StreamingHttpResponse(pieces())),
    path("broken/", lambda _request: StreamingHttpResponse(broken_pieces())),
    path("slow/", slow),
    path("error/", error),
    path("whole/", lambda _request: HttpResponse(b"x")),
]


@pytest.fixture
def server(live_server):
    GO_ON.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield live_server
        GO_ON.set()


def ask(server, page):
    """Send a request, and read nothing."""
    address, port = server.thread.host, server.thread.port
    far = socket.create_connection((address, port), 10)
    far.sendall(
        f"GET /{page}/ HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n\r\n".encode()
    )
    return far


@pytest.mark.parametrize("page", ["stream", "slow"])
def test_who_goes_away_gives_the_place_back(server, page):
    far = ask(server, page)
    wait_until(lambda: PLACES.taken() == 1)

    far.close()
    GO_ON.set()

    wait_until(lambda: PLACES.taken() == 0)


def test_an_answer_that_is_sent_in_pieces_holds_its_place_to_the_end(server):
    far = HTTPConnection(server.thread.host, server.thread.port, timeout=30)
    far.request("GET", "/stream/")
    answer = far.getresponse()
    assert answer.read(len(PIECE)) == PIECE
    assert PLACES.taken() == 1

    reader = Thread(target=answer.read)
    reader.start()
    GO_ON.set()
    reader.join()
    far.close()

    wait_until(lambda: PLACES.taken() == 0)


@pytest.mark.parametrize("page", ["broken", "error", "whole"])
def test_a_place_is_given_back_however_the_answer_ends(server, page):
    for _ in range(10):
        far = ask(server, page)
        while far.recv(65536):
            pass
        far.close()

    wait_until(lambda: PLACES.taken() == 0)
