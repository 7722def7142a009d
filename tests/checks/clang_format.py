"""C++ is laid out as clang-format 14 and .clang-format say."""

import re
import subprocess

from remembered import in_parallel
from source import cpp_files

TOOL = "clang-format-14"
BATCH = 16


def find(root, files):
    names = cpp_files(files)
    batches = [names[at : at + BATCH] for at in range(0, len(names), BATCH)]

    def check(batch):
        done = subprocess.run([TOOL, "--dry-run", "-Werror", *batch], capture_output=True, text=True, cwd=root)
        if done.returncode == 0:
            return []
        named = re.findall(r"^(\S+?):(\d+):\d+: error: code should be clang-formatted", done.stderr, re.MULTILINE)
        first = {}
        for name, line in named:
            first.setdefault(name, line)
        wrong = [f"{name}:{line}: run {TOOL} -i {name}" for name, line in first.items()]
        return wrong or [f"{TOOL} failed: {done.stderr.strip()[:300]}"]

    return [complaint for batch in in_parallel(check, batches) for complaint in batch]
