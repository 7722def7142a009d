"""What all checks share: which files belong to the project, and C++ text with its comments and strings blanked out."""

import re
import subprocess
from pathlib import Path

CPP_SUFFIXES = {".h", ".cc"}
CPP_ROOTS = ("lib", "server", "bench", "tests")


def project_files(root):
    """Every file that is committed or would be: tracked and new ones, without what .gitignore names."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-coz", "--exclude-standard"], capture_output=True, check=True
    ).stdout.decode()
    names = sorted({name for name in listed.split("\0") if name})
    return [name for name in names if (Path(root) / name).is_file()]


def cpp_files(files):
    return [name for name in files if Path(name).suffix in CPP_SUFFIXES and name.split("/")[0] in CPP_ROOTS]


def read(root, name):
    return (Path(root) / name).read_text(encoding="utf-8", errors="replace")


_TOKEN = re.compile(
    r"""
    (?P<raw>\bR"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
  | (?P<block>/\*.*?\*/)
  | (?P<line>//[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.DOTALL,
)


def _blanks(text):
    return re.sub(r"[^\n]", " ", text)


def blank_comments(text):
    """The same text, same line numbers, comments replaced by blanks; strings stay."""
    return _TOKEN.sub(lambda m: _blanks(m.group()) if m.lastgroup in ("block", "line") else m.group(), text)


def blank_comments_and_strings(text):
    """As blank_comments, and the content of literals blanked too (their quotes stay, so `""` is still a token)."""

    def replace(match):
        if match.lastgroup in ("block", "line"):
            return _blanks(match.group())
        return '"' + _blanks(match.group()[1:-1]) + '"'

    return _TOKEN.sub(replace, text)
