"""Folders, the build, and running a program with its output in a log."""

import os
import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOGS = BUILD / "test-logs"
JOBS = os.cpu_count() or 2


class BuildFailed(Exception):
    pass


def variables():
    """ccache finds objects of another clone of the same sources; sanitizers stop at the first finding and say where."""
    return {
        **os.environ,
        "CCACHE_BASEDIR": str(ROOT),
        "CCACHE_NOHASHDIR": "1",
        "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-14",
        "EIR_BUILD_DIR": str(BUILD / "release"),
    }


def folder(preset):
    return BUILD / preset


def configure(preset):
    if not (folder(preset) / "build.ninja").exists():
        _visible(["cmake", "--preset", preset], f"configuring {preset}")


def targets(preset, pattern):
    """Names of the build's own targets that match; configured again first when a file was added."""
    configure(preset)
    _visible(["ninja", "-C", str(folder(preset)), "build.ninja"], f"refreshing {preset}")
    listed = subprocess.run(
        ["ninja", "-C", str(folder(preset)), "-t", "targets", "all"], capture_output=True, text=True, check=True
    ).stdout
    return sorted(set(re.findall(rf"^({pattern}): (?:phony|CXX_EXECUTABLE_LINKER\S+)$", listed, re.MULTILINE)))


def build(preset, names):
    if names:
        what = names[0] if len(names) == 1 else f"{len(names)} targets"
        _visible(["ninja", "-C", str(folder(preset)), f"-j{JOBS}", *names], f"building {preset}: {what}")


def _visible(command, what):
    """Runs a build step; shows its progress on a terminal, else one line, and the end of its output if it fails."""
    LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    log = LOGS / "build.log"
    # ninja prints its progress itself where a person looks on; a log gets a line a minute.
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    lines, told = [], started
    for line in process.stdout:
        lines.append(line)
        if time.monotonic() - told > 30:
            told = time.monotonic()
            print(f"   {what}: {line.strip()[:100]}", flush=True)
    process.wait()
    with log.open("a") as file:
        file.writelines([f"$ {' '.join(command)}\n", *lines])
    if process.returncode != 0:
        print("".join(lines[-60:]), flush=True)
        raise BuildFailed(what)
    if time.monotonic() - started > 2:
        print(f"   {what}: {time.monotonic() - started:.0f} s", flush=True)


def run_logged(name, command, timeout_s, extra_variables=None):
    """(exit code or None after a timeout, seconds, output); the output also lies in build/test-logs/<name>.log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    started = time.monotonic()
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**variables(), **(extra_variables or {})}, stdin=subprocess.DEVNULL,
            stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
            file.write(f"\nstopped after {timeout_s} s\n")
        finally:
            end_group(process)
    return code, time.monotonic() - started, log.read_text(errors="replace")


def end_group(process):
    """Ends what a test left running: the process group that run_logged started, nothing else."""
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()
