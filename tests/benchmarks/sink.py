"""The other side of every POST: an HTTP server that costs next to nothing.

`python -m tests.benchmarks.sink SECONDS` prints its port, then answers each request after so long.
"""

import asyncio
import sys

ANSWER = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
)


class Conversation(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, delay):
        self.delay, self.unread, self.transport = delay, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.unread += data
        while (end := self.unread.find(b"\r\n\r\n")) >= 0:
            head = self.unread[:end].lower()
            _, _, rest = head.partition(b"content-length:")
            size = int(rest.partition(b"\r\n")[0] or 0)
            if len(self.unread) < end + 4 + size:
                return
            self.unread = self.unread[end + 4 + size :]
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.answer)
            else:
                self.answer()

    def answer(self):
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def serve(delay):
    """Serve until this process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(delay), "127.0.0.1", 0, backlog=200)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
