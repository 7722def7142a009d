"""Remembers, across runs and clones, which inputs a slow check has found good: a digest per good input, nothing else.

Only success is remembered, so whatever was wrong is looked at again. Deleting the folder is always safe.
"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def folder():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "eir-checks"


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


class Remembered:
    def __init__(self, name):
        self._path = folder() / name

    def has(self, key):
        return (self._path / key).exists()

    def add(self, key):
        self._path.mkdir(parents=True, exist_ok=True)
        (self._path / key).touch()


def in_parallel(function, items):
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return list(pool.map(function, items))
