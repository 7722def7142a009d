"""No co_await in an arm of a conditional expression: g++ 12 builds both arms' temporaries into the coroutine's frame and
destroys those of the arm that was not taken. (What a lambda within a co_await expression may hold is checked by a
static_assert of Journal::read.)
"""

import re

from source import blank_comments_and_strings, cpp_files, read

IN_AN_ARM = re.compile(r"\?[^;{}]*\bco_await\b")


def find(root, files):
    found = []
    for name in cpp_files(files):
        code = blank_comments_and_strings(read(root, name))
        for match in IN_AN_ARM.finditer(code):
            line = code.count("\n", 0, match.end()) + 1
            found.append(f"{name}:{line}: co_await within ?: (compiled wrongly by g++ 12); write an if")
    return found
