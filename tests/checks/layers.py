"""An include goes down only; folders of one rank do not see each other; includes are written from the root.

The ranks below are the architecture: a folder that is missing here is an error, so that its place is decided on purpose.
"""

import re
from pathlib import Path

from source import blank_comments, cpp_files, read

RANKS = [
    ["lib/base"],
    ["lib/rtp"],
    ["lib/sdp", "lib/transport", "lib/media", "lib/congestion"],
    ["lib/router", "lib/client"],
    ["server/config"],
    ["server/telemetry"],
    ["server/channel"],
    ["server/media", "server/workers", "server/store", "server/supervisor"],
    ["server/consultation"],
    ["server/api"],
    ["server/main", "server/eirctl"],
]
RANK_OF = {folder: rank for rank, folders in enumerate(RANKS) for folder in folders}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)
ROOTS = ("lib/", "server/", "tests/", "bench/")


def folder_of(name):
    """lib/rtp/x.h -> lib/rtp; a file straight in server/ is part of main."""
    parts = name.split("/")
    if parts[0] == "server" and len(parts) == 2:
        return "server/main"
    return "/".join(parts[:2])


def _complaint(root, name, target):
    if not target.startswith(ROOTS):
        return f'"{target}" is not written from the root'
    if not (Path(root) / target).is_file():
        return f'"{target}" does not exist'
    if not name.startswith(("lib/", "server/")):
        return None
    if not target.startswith(("lib/", "server/")):
        return f'"{target}": lib/ and server/ include nothing of tests/ or bench/'
    here, there = folder_of(name), folder_of(target)
    for folder in (here, there):
        if folder not in RANK_OF:
            return f"folder {folder} has no rank in tests/checks/layers.py"
    if here == there or RANK_OF[there] < RANK_OF[here]:
        return None
    way = "beside" if RANK_OF[there] == RANK_OF[here] else "up"
    return f'"{target}": an include from {here} goes {way}'


def find(root, files):
    found = []
    for name in cpp_files(files):
        text = blank_comments(read(root, name))
        for match in INCLUDE.finditer(text):
            complaint = _complaint(root, name, match.group(1))
            if complaint:
                found.append(f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {complaint}")
    return found
