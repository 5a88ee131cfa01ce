"""forkserver.py - stationctl's calls in one test, each a fork of one that stands loaded (forkserver.c).

Owns:  that process and the socket to it. A call that comes while another is under way, or that is too
       large, starts the tool by itself: whoever calls sees no difference but the time.
"""
import os
import signal
import socket
import subprocess
import threading

REQUEST_MAX = 64 << 10  # as in forkserver.c


class ForkServer:
    """Takes the place of a city's own way to call the tool, where the build has the library for it."""

    def __init__(self, city):
        self.city, self.plain = city, city.call
        self.lock = threading.Lock()
        self.process = self.socket = None
        self.library = city.program("forkserver.so")
        if os.path.exists(self.library):
            city.call = self.call

    def start(self):
        program = self.city.program("stationctl")
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [program], pass_fds=[theirs.fileno()], start_new_session=True, stdin=subprocess.DEVNULL,
                env={**(self.city.environment or os.environ), "FORKSERVER_FD": "%d" % theirs.fileno(),
                     "LD_PRELOAD": self.library})

    def call(self, command, stdin=None, timeout=None):
        request = b"".join(os.fsencode(word) + b"\0" for word in command)
        if len(request) > REQUEST_MAX or not self.lock.acquire(blocking=False):
            return self.plain(command, stdin, timeout)
        try:
            if not self.process:
                self.start()
            return self.ask(command, request, stdin, timeout)
        finally:
            self.lock.release()

    def ask(self, command, request, stdin, timeout):
        streams = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
        try:
            os.pwrite(streams[0], (stdin or "").encode(), 0)
            socket.send_fds(self.socket, [request], streams)
            self.socket.settimeout(timeout)
            status = self.socket.recv(4)
            if not status:
                raise OSError("%s: no answer" % " ".join(command))
            out, err = (os.pread(f, os.fstat(f).st_size, 0).decode().replace("\r\n", "\n") for f in streams[1:])
            return os.waitstatus_to_exitcode(int.from_bytes(status, "little")), out, err
        except TimeoutError:
            self.close()
            raise subprocess.TimeoutExpired(command, timeout) from None
        finally:
            for f in streams:
                os.close(f)

    def close(self):
        """Ends it, with a call that is under way."""
        if self.process:
            self.socket.close()
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
