"""The project's own files that a C++ file includes, directly or not: what the result of compiling it depends on."""

import re
from pathlib import Path

from source import blank_comments

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


class Closure:
    def __init__(self, root):
        self._root = Path(root)
        self._direct = {}
        self._bytes = {}

    def contents(self, name):
        """[(name, bytes), …] of the file and all it includes of the project, in a fixed order."""
        seen, open_names = set(), [name]
        while open_names:
            current = open_names.pop()
            if current in seen or not (self._root / current).is_file():
                continue
            seen.add(current)
            open_names += self._includes(current)
        return [(each, self._bytes[each]) for each in sorted(seen)]

    def _includes(self, name):
        if name not in self._direct:
            data = (self._root / name).read_bytes()
            self._bytes[name] = data
            self._direct[name] = _INCLUDE.findall(blank_comments(data.decode("utf-8", "replace")))
        return self._direct[name]
