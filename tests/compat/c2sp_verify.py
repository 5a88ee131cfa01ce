#!/usr/bin/env python3
"""c2sp_verify.py - verifies C2SP signed notes and tlog-proofs, written from the C2SP texts alone.

  c2sp_verify.py note VKEY < note            a checkpoint under a cosignature/v1 of that key
  c2sp_verify.py proof VKEY EVENT < proof    that the file EVENT stands in a log under that key

Texts: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof; RFC 9162 2.1.3.2.
Exit 0: it verifies; 1: it doesn't, with one line that says why.
"""
import base64
import hashlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    pass


def parse_vkey(text):
    name, key_id, key = text.strip().split("+", 2)
    data = base64.b64decode(key, validate=True)
    if not name or any(c.isspace() for c in name) or len(data) != 33 or data[0] != 4:
        raise Wrong("not a cosignature/v1 verifier key")
    want = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if want.hex() != key_id:
        raise Wrong("the key's id isn't its name and key's")
    return name, want, Ed25519PublicKey.from_public_bytes(data[1:])


def split_note(note):
    at = note.rfind(b"\n\n")
    if at < 0 or not note.endswith(b"\n"):
        raise Wrong("no signatures")
    return note[:at + 1], note[at + 2:].decode("utf-8").splitlines()


def parse_checkpoint(text):
    lines = text.decode("utf-8").split("\n")
    if len(lines) < 4 or not lines[0] or lines[-1] != "":
        raise Wrong("not a checkpoint")
    if lines[1] != str(int(lines[1])):
        raise Wrong("the size isn't plain decimal")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise Wrong("the root isn't a hash")
    return lines[0], int(lines[1]), root


def open_note(note, vkey):
    name, key_id, key = parse_vkey(vkey)
    text, lines = split_note(note)
    checkpoint = parse_checkpoint(text)
    found = False
    for line in lines:
        if not line.startswith("\u2014 "):
            raise Wrong("a signature line doesn't begin as one")
        signer, blob = line[2:].split(" ", 1)
        data = base64.b64decode(blob, validate=True)
        if base64.b64encode(data).decode() != blob:
            raise Wrong("a signature isn't canonical base64")
        if signer != name or data[:4] != key_id:
            continue
        if len(data) != 4 + 8 + 64:
            raise Wrong("a cosignature has 72 bytes")
        time = int.from_bytes(data[4:12], "big")
        try:
            key.verify(data[12:], b"cosignature/v1\ntime %d\n" % time + text)
        except InvalidSignature:
            raise Wrong("the signature of %s doesn't verify" % name)
        found = True
    if not found:
        raise Wrong("no signature of %s" % name)
    return checkpoint


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_inclusion(index, size, leaf, path, root):
    if index >= size:
        raise Wrong("the index is outside the log")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            raise Wrong("the path is too long")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = node(r, p)
        fn >>= 1
        sn >>= 1
    if sn != 0 or r != root:
        raise Wrong("the path doesn't lead to the root")


def check_proof(proof, vkey, event):
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Wrong("not a tlog-proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    if not lines or not lines[0].startswith("index ") or lines[0][6:] != str(int(lines[0][6:])):
        raise Wrong("no index")
    index = int(lines.pop(0)[6:])
    path = []
    for line in lines:
        h = base64.b64decode(line, validate=True)
        if len(h) != 32 or base64.b64encode(h).decode() != line:
            raise Wrong("a line of the path isn't a hash")
        path.append(h)
    _, size, root = open_note(note, vkey)
    check_inclusion(index, size, hashlib.sha256(b"\x00" + event).digest(), path, root)


def main(argv):
    data = sys.stdin.buffer.read()
    try:
        if argv[1] == "note":
            origin, size, _ = open_note(data, argv[2])
            print("%s size %d: verifies" % (origin, size))
        else:
            with open(argv[3], "rb") as f:
                check_proof(data, argv[2], f.read())
            print("the event is in the log")
    except (Wrong, ValueError, IndexError) as e:
        print("WRONG: %s" % e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
