"""The repository refers to nothing outside itself: no folder of one machine, no registry's host."""

import re

from source import read

# Written in pieces, so that this file does not find itself.
_FOLDERS = [r"(?<![\w.-])/" + "work/", r"\.\./" + "shared", r"(?<![\w.-])/" + "root/", r"(?<![\w./-])/" + r"tmp(?![\w-])"]
_HOSTS = [
    "registry" + r"\.npmjs\.org", "registry" + r"\.yarnpkg\.com", "deb" + r"\.debian\.org", "security" + r"\.debian\.org",
    "pypi" + r"\.org", "files" + r"\.pythonhosted\.org", "proxy" + r"\.golang\.org", "index" + r"\.crates\.io",
]  # fmt: skip
PATTERN = re.compile("|".join(_FOLDERS + _HOSTS))


def find(root, files):
    found = []
    for name in files:
        text = read(root, name)
        if "\0" in text[:4096]:
            continue  # a binary file, such as a fuzz seed
        for number, line in enumerate(text.split("\n"), 1):
            match = PATTERN.search(line)
            if match:
                found.append(f"{name}:{number}: {match.group()}")
    return found
