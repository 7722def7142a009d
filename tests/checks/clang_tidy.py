"""clang-tidy 14 with .clang-tidy over every .cc file of a compile database. Slow, so `tests/run tidy` asks for it."""

import json
import re
import subprocess
from pathlib import Path

from includes import Closure
from remembered import Remembered, digest, in_parallel

TOOL = "clang-tidy-14"


def find(root, build, progress=lambda name: None):
    """(complaints, number of files looked at)"""
    root = Path(root).resolve()
    database = json.loads((Path(build) / "compile_commands.json").read_text())
    names = sorted({str(Path(entry["file"]).resolve().relative_to(root)) for entry in database})
    names = [name for name in names if (root / name).is_file() and not name.startswith("build/")]
    settings = (root / ".clang-tidy").read_bytes()
    remembered, closure = Remembered("clang-tidy"), Closure(root)
    keys = {name: digest(settings, name, *(part for pair in closure.contents(name) for part in pair)) for name in names}

    def check(name):
        if remembered.has(keys[name]):
            return []
        progress(name)
        done = subprocess.run([TOOL, "-quiet", "-p", str(build), name], capture_output=True, text=True, cwd=root)
        if done.returncode == 0:
            remembered.add(keys[name])
            return []
        wrong = [line.replace(f"{root}/", "") for line in done.stdout.split("\n") if re.search(r": (error|warning): ", line)]
        return wrong or [f"{name}: {TOOL} failed: {done.stderr.strip()[-300:]}"]

    return sorted({each for complaints in in_parallel(check, names) for each in complaints}), len(names)
