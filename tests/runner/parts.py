"""The parts of tests/run: each builds what it needs, runs it and counts."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import fuzz
from environment import JOBS, LOGS, ROOT, BuildFailed, build, configure, folder, run_logged, targets
from tally import Tally, one_failure

GTEST_TIMEOUT_S = 300
PYTHON_TIMEOUT_S = 600
BROWSER_TIMEOUT_S = 900
INTEROP = ROOT / "tests" / "interop"


def run(part, options):
    try:
        return PARTS[part](options)
    except BuildFailed as failure:
        print(f"FAIL {failure}")
        return one_failure(f"{part}: {failure}")


def show(verdict, name, seconds, detail, output=""):
    print(f"{verdict} {name}: {detail}, {seconds:.1f} s", flush=True)
    if output:
        print("".join(f"     {line}\n" for line in output.strip().split("\n")[-40:]), flush=True)


def gtest(preset, name, isolated=False):
    """Runs one GoogleTest program; one that ends without a report (a crash, a timeout) counts as one failure."""
    report = LOGS / f"{name}.json"
    report.unlink(missing_ok=True)
    prefix = [str(ROOT / "tests/support/isolated")] if isolated else []
    command = [*prefix, str(folder(preset) / name), f"--gtest_output=json:{report}"]
    code, seconds, output = run_logged(name, command, GTEST_TIMEOUT_S)
    tally, told = Tally(), ""
    if report.exists():
        for suite in json.loads(report.read_text())["testsuites"]:
            for case in suite["testsuite"]:
                told += "".join(f"{suite['name']}.{case['name']}: {each['failure']}\n" for each in case.get("failures", []))
                if case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
                    tally.skipped += 1
                elif case.get("failures"):
                    tally.add(one_failure(f"{suite['name']}.{case['name']}"))
                else:
                    tally.passed += 1
    if code != 0 and not tally.failed:
        tally.add(one_failure(f"{name} (ended with {'a timeout' if code is None else code})"))
    show("FAIL" if tally.failed else "ok  ", name, seconds, str(tally), (told or output) if tally.failed else "")
    return tally


def _gtests(preset, pattern, options, jobs=JOBS, isolated=False):
    names = [name for name in targets(preset, pattern) if options.filter in name]
    build(preset, names)
    total = Tally()
    with ThreadPoolExecutor(jobs) as pool:
        for tally in pool.map(lambda name: gtest(preset, name, isolated), names):
            total.add(tally)
    return total


def unit(options):
    return _gtests("asan", r"unit_\w+", options)


def sim(options):
    return _gtests("asan", r"sim(?:_\w+)?", options)


def fuzzing(options):
    return fuzz.run(options.seconds, options.filter)


def checks(options):
    report = LOGS / "checks.json"
    report.unlink(missing_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, str(ROOT / "tests/checks/run.py"), "--json", str(report)], cwd=ROOT)
    if not report.exists():
        return one_failure(f"checks (ended with {done.returncode})")
    counted = json.loads(report.read_text())
    return Tally(counted["passed"], counted["failed"], failures=["checks"] * counted["failed"])


def tidy(options):
    sys.path.insert(0, str(ROOT / "tests/checks"))
    import clang_tidy

    configure("asan")
    complaints, count = clang_tidy.find(ROOT, folder("asan"), lambda name: print(f"   {name}", flush=True))
    for complaint in complaints:
        print(f"     {complaint}")
    failed = len({complaint.split(":")[0] for complaint in complaints})
    return Tally(count - failed, failed, failures=complaints)


def python_file(path):
    name = path.stem
    report = LOGS / f"{name}.json"
    report.unlink(missing_ok=True)
    command = [str(ROOT / "tests/support/isolated"), sys.executable, str(ROOT / "tests/runner/python_tests.py")]
    code, seconds, output = run_logged(name, [*command, str(path), str(report)], PYTHON_TIMEOUT_S)
    if report.exists():
        counted = json.loads(report.read_text())
        tally = Tally(counted["passed"], len(counted["failed"]), counted["skipped"], counted["failed"])
    else:
        tally = one_failure(f"{name} (ended with {'a timeout' if code is None else code})")
    show("FAIL" if tally.failed else "ok  ", name, seconds, str(tally), output if tally.failed else "")
    return tally


def integration(options):
    """One after the other: each starts an eird and measures times. The npm packages know OpenAPI. The API's unit tests
    run once more as g++ built them: its coroutines are where compilers differ."""
    install_node_packages()
    build("release", [name for name in targets("release", "eird|eirctl|eir-bench|supervisor_probe|count_forward")])
    total = _gtests("release", r"integration_\w+|unit_server_api", options, jobs=1, isolated=True)
    for path in sorted((ROOT / "tests/integration").glob("*_test.py")):
        if options.filter in path.name:
            total.add(python_file(path))
    return total


def install_node_packages():
    """npm ci, unless the lock file is the one that was installed last."""
    lock, mark = INTEROP / "package-lock.json", INTEROP / "node_modules" / ".installed-lock"
    if mark.exists() and mark.read_text() == lock.read_text():
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=INTEROP, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        raise BuildFailed("npm ci in tests/interop")
    mark.write_text(lock.read_text())


def _count_tap(text):
    """The summary lines of node's TAP reporter: `# pass 3`, …"""
    counts = {}
    for line in text.split("\n"):
        words = line.split()
        if len(words) == 3 and words[0] == "#" and words[2].isdigit():
            counts[words[1]] = int(words[2])
    return counts


def browser_file(path):
    name = "browser_" + path.name.split(".")[0]
    command = [str(ROOT / "tests/support/isolated"), "node", "--test", "--test-reporter=tap", str(path)]
    code, seconds, output = run_logged(name, command, BROWSER_TIMEOUT_S)
    counts = _count_tap(output)
    failed = counts.get("fail", 0) + counts.get("cancelled", 0)
    names = [line.strip().split(" - ", 1)[-1] for line in output.split("\n") if line.strip().startswith("not ok ")]
    tally = Tally(counts.get("pass", 0), failed, counts.get("skipped", 0), names[:failed])
    if code != 0 and not failed:
        tally.add(one_failure(f"{name} (ended with {'a timeout' if code is None else code})"))
    show("FAIL" if tally.failed else "ok  ", name, seconds, str(tally), output if tally.failed else "")
    for line in output.split("\n"):
        if line.strip().startswith("# measured"):
            print("     " + line.strip()[2:], flush=True)
    return tally


def browser(options):
    if not shutil.which("chromium") or not shutil.which("firefox-esr"):
        raise BuildFailed("chromium or firefox-esr is missing: run deploy/packages.sh browser")
    install_node_packages()
    build("release", [name for name in targets("release", "eird|eirctl|eir-bench")])
    os.environ["EIR_BROWSER_ARTIFACTS"] = str(LOGS)
    total = Tally()
    for path in sorted(INTEROP.glob("*.test.mjs")):
        if options.filter in path.name:
            total.add(browser_file(path))
    return total


PARTS = {
    "checks": checks, "unit": unit, "sim": sim, "fuzz": fuzzing,
    "integration": integration, "browser": browser, "tidy": tidy,
}  # fmt: skip
