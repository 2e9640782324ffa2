"""The web process for tests that talk to it through a socket, as other machines do."""

import json
from contextlib import contextmanager
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from socketserver import ThreadingMixIn
from threading import Thread
from urllib.parse import urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.core.wsgi import get_wsgi_application
from django.db import connection


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            connection.close()


class _Handler(WSGIRequestHandler):
    def log_message(self, *_arguments):
        """Say nothing."""


class Web:
    """What a caller far away can do: send requests, keep cookies."""

    def __init__(self, port):
        self._port = port
        self._cookies = SimpleCookie()

    def get(self, address):
        """Open an address; return the status and the page."""
        return self._send("GET", address)

    def post_form(self, address, **values):
        """Press the button of a form that was opened before."""
        token = self._cookies["csrftoken"].value
        form = urlencode({"csrfmiddlewaretoken": token, **values})
        return self._send("POST", address, form, "application/x-www-form-urlencoded")

    def post_json(self, address, body, **headers):
        """Send JSON; return the status and what came back."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, text = self._send("POST", address, json.dumps(body), "application/json", **named)
        return status, json.loads(text)

    def _send(self, method, address, body=None, kind=None, **headers):
        own = {"Content-Type": kind} if kind else {}
        cookies = "; ".join(f"{name}={one.value}" for name, one in self._cookies.items())
        far = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            headers = {**own, **({"Cookie": cookies} if cookies else {}), **headers}
            far.request(method, urlsplit(address).path, body, headers)
            answer = far.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self._cookies.load(value)
            return answer.status, answer.read().decode()
        finally:
            far.close()


@contextmanager
def running_web():
    """Serve the site on a free port; give a function that makes a caller of it."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.set_app(get_wsgi_application())
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield lambda: Web(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
