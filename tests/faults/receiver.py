"""The other side of every call: a process of its own that writes down what reached it.

Nothing of the product is imported here, so that nothing it does wrong can be wrong here too. Each
request is a line of the journal before it is answered: a kill -9 of this process loses none.

`python -m tests.faults.receiver JOURNAL PORT SEED` prints its port (0: a free one). The address
says how a request is treated, e.g. `/drip?delay=0.1&share=0.3&seconds=5`: three in ten drip for
five seconds, the others are answered after a tenth of one. Whoever appends to the address that he
was given can be told in its first part instead: `/drip;share=0.3;seconds=5/…`.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from random import Random
from urllib.parse import parse_qsl, urlsplit

# What Slack answers, too: one body for whoever asks.
BODY = b'{"ok":true,"channel":"C0","ts":"1700000000.000001"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)
# A gateway in front of the other side, which has taken the request; and a plain no.
ANSWERS = {
    "gateway": b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
    "refuse": b"HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 0\r\n\r\n",
}
GONE = (asyncio.IncompleteReadError, ConnectionError, TimeoutError)


class Receiver:
    """Takes requests, writes them down, and behaves as their addresses say."""

    def __init__(self, journal, seed):
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._chance = Random(seed)

    async def converse(self, reader, writer):
        """Serve one connection until it ends."""
        with suppress(*GONE):
            while await self._serve_one(reader, writer):
                pass
        with suppress(*GONE):
            writer.close()
            await writer.wait_closed()

    async def _serve_one(self, reader, writer):
        """Take one request; return whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        address = urlsplit(head[0].split()[1])
        mode, *options = address.path.split("/")[1].split(";")
        asked = parse_qsl("&".join([address.query, *options]))
        wanted = {name: float(value) for name, value in asked}
        self._note(headers.get("idempotency-key", ""), body)
        if self._chance.random() < wanted.get("share", 0):
            return await self._misbehave(mode, writer, wanted.get("seconds", 5))
        await asyncio.sleep(wanted.get("delay", 0))
        writer.write(HEAD + BODY)
        await writer.drain()
        return True

    async def _misbehave(self, mode, writer, seconds):
        if mode == "die":
            # In the middle of the answer, and without a good-bye.
            writer.write(HEAD + BODY[:5])
            writer.transport.abort()
            return False
        if mode == "drip":
            writer.write(HEAD)
            for place in range(len(BODY)):
                writer.write(BODY[place : place + 1])
                await writer.drain()
                await asyncio.sleep(seconds / len(BODY))
            return True
        if mode in ANSWERS:
            writer.write(ANSWERS[mode])
            await writer.drain()
            return True
        await asyncio.sleep(seconds)
        if mode == "hang":
            writer.transport.abort()
            return False
        writer.write(HEAD + BODY)
        return True

    def _note(self, key, body):
        said = json.loads(body) if body else {}
        message = said.get("message") or said.get("text") or ""
        line = json.dumps({"at": time.time(), "key": key, "message": message})
        os.write(self._journal, f"{line}\n".encode())


async def serve(journal, port, seed):
    """Serve until this process is ended."""
    receiver = Receiver(journal, seed)
    server = await asyncio.start_server(receiver.converse, "127.0.0.1", port, backlog=200)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
