"""forward.py - a TCP forwarder between a child and its parent that counts, cuts and heals.

Owns:  its listening port, and the connections through it. Bytes are those of TCP's payload, so
       ZMTP, CURVE and all that we say are in, and the kernel's headers aren't.
"""
import socket
import struct
import threading

SEGS_OUT_AT = 136  # tcpi_segs_out and tcpi_segs_in in Linux's struct tcp_info


class Forward:
    def __init__(self, port, to_port):
        self.port, self.to_port = port, to_port
        self.up = self.down = 0
        self.pairs, self.lock = set(), threading.Lock()
        self.listener = None
        self.heal()

    @property
    def address(self):
        return "tcp://127.0.0.1:%d" % self.port

    @property
    def total(self):
        return self.up + self.down

    def segments(self):
        """TCP's segments between the child and here so far, of the connections that live."""
        found = 0
        with self.lock:
            for child, _ in self.pairs:
                info = child.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
                found += sum(struct.unpack_from("=II", info, SEGS_OUT_AT))
        return found

    def heal(self):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", self.port))
        s.listen(16)
        self.listener = s
        threading.Thread(target=self.accept, args=(s,), daemon=True).start()

    def cut(self):
        listener, self.listener = self.listener, None
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        if listener:
            # close() alone leaves the port listening while accept() sleeps on it
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for a, b in pairs:
            for s in (a, b):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self, listener):
        while True:
            try:
                child, _ = listener.accept()
            except OSError:
                return
            try:
                parent = socket.create_connection(("127.0.0.1", self.to_port), 5)
            except OSError:
                child.close()
                continue
            parent.settimeout(None)
            for s in (child, parent):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (child, parent)
            with self.lock:
                if self.listener is not listener:
                    child.close()
                    parent.close()
                    continue
                self.pairs.add(pair)
            threading.Thread(target=self.carry, args=(pair, True), daemon=True).start()
            threading.Thread(target=self.carry, args=(pair, False), daemon=True).start()

    def carry(self, pair, upward):
        source, to = pair if upward else pair[::-1]
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                to.sendall(data)
                if upward:
                    self.up += len(data)
                else:
                    self.down += len(data)
        except OSError:
            pass
        for s in pair:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.lock:
            self.pairs.discard(pair)
