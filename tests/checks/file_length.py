"""A file that people write has at most 500 lines: above that a second class waits to be found."""

from pathlib import Path

from source import read

LINES_MAX = 500
SUFFIXES = {".h", ".cc", ".py", ".js", ".mjs", ".sh", ".css", ".html", ".cmake"}


def find(root, files):
    found = []
    for name in files:
        if Path(name).suffix in SUFFIXES:
            count = read(root, name).count("\n")
            if count > LINES_MAX:
                found.append(f"{name}: {count} lines (at most {LINES_MAX})")
    return found
