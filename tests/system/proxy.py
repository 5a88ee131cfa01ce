"""proxy.py - a TCP proxy on loopback that does to a link whatever a network can.

Owns:  its listening port and the connections that pass through it; all on one thread of its own,
       shared by every proxy of a process. Commands may come from any thread and have happened when
       they return.

    child -> Proxy(parent's port).port -> parent

    up      pass everything (also lifts all below)     cut      close every connection at once
    refuse  nobody listens                             drop     accept, and close again
    rubbish accept, and answer with nonsense           shape    delay, throttle, corrupt, swallow

What has happened to a link, and wasn't only asked for, is counted by kind; but for refuse, which comes to nobody here.
"""
import asyncio
import random
import socket
import sys
import os
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "deploy", "demo"))
from city import free_port  # noqa: E402

CHUNK = 65536
KINDS = ("cut", "drop", "http", "random", "silent") + tuple(
    "%s %s" % (kind, way) for kind in ("delay", "throttle", "corrupt", "swallow") for way in ("up", "down"))
ANSWER_S = 30  # a command that takes longer is a bug of this file
PORTAL = b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n"
_loop = None
_loop_lock = threading.Lock()


def loop():
    """The one event loop of all proxies."""
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="proxies", daemon=True).start()
    return _loop


class Shape:
    """What happens to the bytes of one direction."""

    def __init__(self, delay_ms=0, jitter_ms=0, bytes_per_s=0, corrupt_every=0, swallow=False):
        self.delay_ms, self.jitter_ms = delay_ms, jitter_ms
        self.bytes_per_s = bytes_per_s
        self.corrupt_every = corrupt_every  # one flipped bit in about so many bytes
        self.swallow = swallow  # the sender sees nothing of it: half a connection


class Proxy:
    def __init__(self, target_port, seed=0):
        self.target_port = target_port
        self.port = free_port()
        self.address = "tcp://127.0.0.1:%d" % self.port
        self.bytes_up = self.bytes_down = self.accepted = 0
        self.done = dict.fromkeys(KINDS, 0)  # connections, or pieces of one direction
        self._random = random.Random(seed)
        self._mode = "up"
        self._shapes = {"up": Shape(), "down": Shape()}
        self._server = None
        self._tasks, self._writers = set(), set()
        self._do(self._listen())

    # ---- commands ----

    def up(self):
        """Everything passes again. Connections that were only shaped live on."""
        self._do(self._set("up"))

    def cut(self, mode=None):
        """Closes every connection; then the mode given, or the present one, goes on."""
        self._do(self._set(mode or self._mode, cut=True))

    def refuse(self):
        self._do(self._set("refuse", cut=True))

    def drop(self):
        self._do(self._set("drop", cut=True))

    def rubbish(self, kind="http"):
        """kind: http (a captive portal), random, or silent (accepts and never answers)"""
        self._do(self._set(kind, cut=True))

    def shape(self, direction="both", **how):
        """direction: up (child to parent), down or both; how: Shape's arguments"""
        for d in ("up", "down") if direction == "both" else (direction,):
            self._shapes[d] = Shape(**how)

    def half_open(self, direction="both"):
        """Swallows what comes, and closes nothing: neither side can know but by silence."""
        self.shape(direction, swallow=True)

    def bytes(self):
        return self.bytes_up + self.bytes_down

    def close(self):
        self._do(self._set("refuse", cut=True))

    # ---- the loop's side ----

    def _do(self, coroutine):
        asyncio.run_coroutine_threadsafe(coroutine, loop()).result(ANSWER_S)

    async def _listen(self):
        # TIME_WAIT of our own last connections must not keep the port from us.
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port, backlog=128,
                                                  reuse_address=True)

    async def _set(self, mode, cut=False):
        self._mode = mode
        if mode == "up":
            self._shapes = {"up": Shape(), "down": Shape()}
        if mode == "refuse" and self._server:
            self._server.close()
            self._server = None
        if cut:
            self._cut()
        if mode != "refuse" and not self._server:
            await self._listen()

    def _cut(self):
        self.done["cut"] += bool(self._writers)
        for task in list(self._tasks):
            task.cancel()
        for w in list(self._writers):
            w.transport.abort()
        self._writers.clear()

    async def _meet(self, reader, writer):
        self.accepted += 1
        self._writers.add(writer)
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            if self._mode == "up":
                await self._carry(reader, writer)
            else:
                await self._play(reader, writer)
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass  # either side has gone, or we were told to cut
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.transport.abort()

    async def _play(self, reader, writer):
        if self._mode in self.done:
            self.done[self._mode] += 1
        if self._mode == "http":
            writer.write(PORTAL * 20)
        elif self._mode == "random":
            writer.write(self._random.randbytes(4000))
        if self._mode in ("http", "random", "silent"):
            while await reader.read(CHUNK):
                pass

    async def _carry(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        for w in (writer, up_writer):
            w.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._writers.add(up_writer)
        ways = [asyncio.ensure_future(self._pump(reader, up_writer, "up")),
                asyncio.ensure_future(self._pump(up_reader, writer, "down"))]
        self._tasks.update(ways)
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
                self._tasks.discard(way)
            self._writers.discard(up_writer)
            up_writer.transport.abort()

    async def _pump(self, reader, writer, direction):
        while True:
            data = await reader.read(CHUNK)
            if not data:
                return
            if direction == "up":
                self.bytes_up += len(data)
            else:
                self.bytes_down += len(data)
            shape = self._shapes[direction]
            self.done["delay " + direction] += bool(shape.delay_ms)
            self.done["throttle " + direction] += bool(shape.bytes_per_s)
            self.done["swallow " + direction] += shape.swallow
            wait_s = (shape.delay_ms + self._random.uniform(0, shape.jitter_ms)) / 1000
            if shape.bytes_per_s:
                wait_s += len(data) / shape.bytes_per_s
            if wait_s:
                await asyncio.sleep(wait_s)
            if shape.swallow:
                continue
            writer.write(self._corrupted(data, shape.corrupt_every, direction))
            await writer.drain()

    def _corrupted(self, data, every, direction):
        if not every or self._random.random() > len(data) / every:
            return data
        self.done["corrupt " + direction] += 1
        data = bytearray(data)
        data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)
        return bytes(data)
