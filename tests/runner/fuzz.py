"""Runs the fuzz targets: each starts from its seeds, keeps what it found in build/, and must survive its time."""

import re
from concurrent.futures import ThreadPoolExecutor

from environment import BUILD, JOBS, ROOT, build, folder, run_logged, targets
from tally import Tally, one_failure

# Longer than any datagram and most signalling; a target that parses longer input says `// max_len: N`.
MAX_LEN = 4096
TIMEOUT_S = 1
RSS_LIMIT_MB = 2048


def names(preset, only=""):
    return [name[len("fuzz_") :] for name in targets(preset, r"fuzz_\w+") if name != "fuzz_targets" and only in name]


def corpora(name):
    """The folder that a run may write to, and the seeds of the repository."""
    work, seeds = BUILD / "fuzz-corpus" / name, ROOT / "tests" / "fuzz" / "corpus" / name
    work.mkdir(parents=True, exist_ok=True)
    return [str(work)] + ([str(seeds)] if seeds.is_dir() else [])


def max_len(name):
    head = (ROOT / "tests" / "fuzz" / f"{name}_fuzz.cc").read_text().split("\n")[:10]
    match = re.search(r"^// max_len: (\d+)$", "\n".join(head), re.MULTILINE)
    return int(match.group(1)) if match else MAX_LEN


def one(name, seconds):
    artifacts = BUILD / "fuzz-artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [
        str(folder("asan") / "fuzz" / f"fuzz_{name}"), f"-max_total_time={seconds}", f"-timeout={TIMEOUT_S}",
        f"-max_len={max_len(name)}", f"-rss_limit_mb={RSS_LIMIT_MB}", f"-artifact_prefix={artifacts}/{name}-",
        "-print_final_stats=1", *corpora(name),
    ]  # fmt: skip
    # A run ends by itself; the margin is for reading a large corpus under ASan.
    code, taken, output = run_logged(f"fuzz_{name}", command, seconds + 120)
    executed = re.search(r"stat::number_of_executed_units: (\d+)", output)
    runs = int(executed.group(1)) if executed else 0
    if code == 0 and runs > 0:
        print(f"ok   fuzz_{name}: {runs} inputs, {taken:.0f} s", flush=True)
        return Tally(passed=1)
    reason = "a timeout" if code is None else code
    print(f"FAIL fuzz_{name}: ended with {reason} after {runs} inputs; the input lies in {artifacts}", flush=True)
    print("".join(f"     {line}\n" for line in output.strip().split("\n")[-40:]), flush=True)
    return one_failure(f"fuzz_{name}")


def run(seconds, only):
    wanted = names("asan", only)
    build("asan", [f"fuzz_{name}" for name in wanted])
    total = Tally()
    with ThreadPoolExecutor(JOBS) as pool:
        for tally in pool.map(lambda name: one(name, seconds), wanted):
            total.add(tally)
    return total
