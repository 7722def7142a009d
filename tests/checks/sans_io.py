"""lib/ knows no clock, socket, thread, random device, environment, file, JSON or shared_ptr; unit tests and simulations
know no sleep, real clock or port. An exception states its reason on the line: `// io: <reason>`.
"""

import re

from source import blank_comments, blank_comments_and_strings, cpp_files, read

HEADERS = re.compile(
    r"^[ \t]*#[ \t]*include[ \t]*[<\"]("
    r"thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|latch|barrier|stop_token|coroutine"
    r"|random|fstream|iostream|filesystem|ctime|time\.h|pthread\.h|unistd\.h|fcntl\.h|poll\.h|netdb\.h|signal\.h|csignal"
    r"|sys/(?:socket|epoll|time|stat|types|un|uio|select|ioctl|mman|random|timerfd|eventfd)\.h"
    r"|(?:boost/(?:asio|beast|json)|yaml-cpp|spdlog|sqlite3|prometheus|systemd|nlohmann)[^>\"]*"
    r")[>\"]",
    re.MULTILINE,
)
LIB_WORDS = {
    "a clock": r"\b(?:system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday|timespec_get)\b"
    r"|(?<![\w.>:])(?:::|std::)?time\s*\(\s*(?:nullptr|NULL|0|&)",
    "a socket": r"(?<![\w.>:])(?:::)?(?:socket|connect|accept|recvmsg|sendmsg|recvmmsg|sendmmsg|recvfrom|sendto)\s*\(\s*"
    r"(?:AF_|PF_|fd\b|sock)",
    "a thread": r"\bstd::(?:thread|jthread|async|mutex|shared_mutex|recursive_mutex|condition_variable|atomic)\b"
    r"|\bthread_local\b|\bpthread_\w+\s*\(",
    "a random device": r"\b(?:random_device|getrandom|getentropy|arc4random)\b|(?<![\w.>:])(?:std::)?s?rand\s*\(",
    "the environment": r"\b(?:secure_)?getenv\b",
    "a file": r"\b(?:fopen|freopen|ifstream|ofstream|fstream|std::filesystem|mkstemp)\b",
    "JSON": r"\bboost::json\b",
    "shared_ptr": r"\b(?:shared_ptr|weak_ptr|make_shared|enable_shared_from_this)\b",
}
TEST_WORDS = {
    "a sleep": r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>:])(?:::)?sleep\s*\(",
    "a real clock": r"\b(?:system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday)\b",
    "a port": r"(?<![\w.>])::(?:bind|listen)\s*\(|\bip::(?:tcp::acceptor|udp::socket|tcp::socket)\b|\bAF_INET6?\b",
}
REASON = re.compile(r"//.*\bio: \S")


def _rules(name):
    if name.startswith("lib/"):
        return LIB_WORDS, True
    if name.startswith(("tests/unit/", "tests/sim/")):
        return TEST_WORDS, False
    return {}, False


def find(root, files):
    found = []
    for name in cpp_files(files):
        words, check_headers = _rules(name)
        if not words:
            continue
        raw = read(root, name)
        lines = raw.split("\n")
        hits = []
        if check_headers:
            text = blank_comments(raw)
            hits += [(match.start(1), f"includes {match.group(1)}", text) for match in HEADERS.finditer(text)]
        code = blank_comments_and_strings(raw)
        for what, pattern in words.items():
            hits += [(match.start(), f"uses {what} ({match.group().strip()})", code) for match in re.finditer(pattern, code)]
        told = set()
        for offset, complaint, text in sorted(hits, key=lambda hit: hit[0]):
            line = text.count("\n", 0, offset) + 1
            if line not in told and not REASON.search(lines[line - 1]):
                told.add(line)
                found.append(f"{name}:{line}: {complaint}")
    return found
