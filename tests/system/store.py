"""store.py - a station's store as it stands on the disk, by LMDB's own library: what it has freed isn't in it.

Owns:  its tables and rows, read while its daemon runs, or altered while it is stopped.
"""
import ctypes

from checks import check

MAP_SIZE, TABLES_MAX = 2 << 30, 64
READ_ONLY = 0x20000  # MDB_RDONLY
NEXT = 8  # MDB_NEXT; of a new cursor the first row
POINTER = ctypes.c_void_p
ARGUMENTS = {
    "env_create": [POINTER], "env_set_maxdbs": [POINTER, ctypes.c_uint],
    "env_set_mapsize": [POINTER, ctypes.c_size_t],
    "env_open": [POINTER, ctypes.c_char_p, ctypes.c_uint, ctypes.c_uint], "env_close": [POINTER],
    "txn_begin": [POINTER, POINTER, ctypes.c_uint, POINTER], "txn_commit": [POINTER],
    "dbi_open": [POINTER, ctypes.c_char_p, ctypes.c_uint, POINTER],
    "cursor_open": [POINTER, ctypes.c_uint, POINTER],
    "cursor_get": [POINTER, POINTER, POINTER, ctypes.c_int], "cursor_close": [POINTER],
    "put": [POINTER, ctypes.c_uint, POINTER, POINTER, ctypes.c_uint],
    "del": [POINTER, ctypes.c_uint, POINTER, POINTER],
}


class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("data", ctypes.c_void_p)]

    def bytes(self):
        return ctypes.string_at(self.data, self.size)

    @staticmethod
    def of(data):
        kept = ctypes.create_string_buffer(data, len(data))
        value = Value(len(data), ctypes.cast(kept, ctypes.c_void_p))
        value.kept = kept
        return value


class Store:
    """Open within `with`, in one transaction."""

    def __init__(self, station, writes=False):
        self.lmdb = ctypes.CDLL("liblmdb.so.0")
        for name, arguments in ARGUMENTS.items():
            self.call(name).argtypes = arguments
        self.env, self.txn = ctypes.c_void_p(), ctypes.c_void_p()
        how = 0 if writes else READ_ONLY
        self.did("env_create", ctypes.byref(self.env))
        self.did("env_set_maxdbs", self.env, TABLES_MAX)
        self.did("env_set_mapsize", self.env, MAP_SIZE)
        self.did("env_open", self.env, station.data.encode(), how, 0o600)
        self.did("txn_begin", self.env, None, how, ctypes.byref(self.txn))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.did("txn_commit", self.txn)
        self.call("env_close")(self.env)

    def call(self, name):
        return getattr(self.lmdb, "mdb_" + name)

    def did(self, name, *arguments):
        rc = self.call(name)(*arguments)
        check(rc == 0, "mdb_%s: %d" % (name, rc))

    def table(self, name):
        number = ctypes.c_uint()
        self.did("dbi_open", self.txn, name and name.encode(), 0, ctypes.byref(number))
        return number

    def tables(self):
        return [key.decode() for key in self.rows(None)]

    def rows(self, table):
        """{ key: value }"""
        cursor, key, value, out = ctypes.c_void_p(), Value(), Value(), {}
        self.did("cursor_open", self.txn, self.table(table), ctypes.byref(cursor))
        while self.call("cursor_get")(cursor, ctypes.byref(key), ctypes.byref(value), NEXT) == 0:
            out[key.bytes()] = value.bytes()
        self.call("cursor_close")(cursor)
        return out

    def put(self, table, key, value):
        self.did("put", self.txn, self.table(table), ctypes.byref(Value.of(key)), ctypes.byref(Value.of(value)), 0)

    def drop(self, table, key):
        self.did("del", self.txn, self.table(table), ctypes.byref(Value.of(key)), None)
