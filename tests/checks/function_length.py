"""A C++ function body is at most 70 lines, or a comment `// long: <reason>` stands beside its head."""

import re

from source import blank_comments_and_strings, cpp_files, read

LINES_MAX = 70
REASON = re.compile(r"//.*\blong: \S")
_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_SINGLE_COLON = re.compile(r"\)[^()]*?(?<!:):(?!:)")


def _kind(head):
    """What a `{` opens, told from the text since the last statement: namespace, class, function, member or value."""
    stripped = head.strip()
    if re.search(r"\bnamespace\b", head) or re.fullmatch(r'extern\s*"[^"]*"', stripped):
        return "namespace"
    if re.match(r"(?:typedef\s+)?enum\b", stripped):
        return "value"
    without_parentheses = re.sub(r"\([^()]*\)", "", re.sub(r"<[^<>;{}()]*>", "", head))
    if re.search(r"\b(?:class|struct|union)\b", without_parentheses) and not stripped.endswith(")"):
        return "class"
    if "(" not in head:
        return "value"
    if _SINGLE_COLON.search(head) and re.search(r"[\w>]\s*$", head) and not re.search(r"\b(?:const|noexcept|override|final)\s*$", head):
        return "member"  # a brace initialiser in a constructor's list
    return "function"


def functions(text):
    """Yields (line of the head, line of `{`, line of `}`) for each function outside other functions."""
    code = _PREPROCESSOR.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), blank_comments_and_strings(text))
    scopes = []
    head_start, parentheses, line = 0, 0, 1
    inside = None  # (depth, head line, brace line) of the function whose body is being read
    head_line = 1
    for offset, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "(":
            parentheses += 1
        elif char == ")":
            parentheses -= 1
        elif char == "{":
            kind = "value" if inside or parentheses else _kind(code[head_start:offset])
            scopes.append(kind)
            if kind == "function":
                head = code[head_start:offset]
                head_line = line - head.count("\n") + head[: len(head) - len(head.lstrip())].count("\n")
                inside = (len(scopes), head_line, line)
            if kind in ("namespace", "class"):
                head_start = offset + 1
        elif char == "}" and scopes:
            kind = scopes.pop()
            if inside and len(scopes) + 1 == inside[0]:
                yield inside[1], inside[2], line
                inside = None
                kind = "function"
            if not inside and not parentheses and kind in ("namespace", "class", "function"):
                head_start = offset + 1
        elif char == ";" and not inside and not parentheses:
            head_start = offset + 1


def find(root, files):
    found = []
    for name in cpp_files(files):
        text = read(root, name)
        lines = text.split("\n")
        for head, opening, closing in functions(text):
            length = closing - opening + 1
            beside = "\n".join(lines[max(0, head - 3) : opening + 1])
            if length > LINES_MAX and not REASON.search(beside):
                found.append(f"{name}:{head}: a function of {length} lines (at most {LINES_MAX})")
    return found
