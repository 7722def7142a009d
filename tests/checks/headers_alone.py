"""Every header compiles by itself, so that no file depends on what its includer happened to include before."""

import re
import subprocess

from includes import Closure
from remembered import Remembered, digest, in_parallel
from source import cpp_files

COMPILER = "g++"
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-x", "c++"]
# Libraries whose headers do not lie in the compiler's own folders.
PACKAGES = ["libsystemd", "libseccomp"]


def _package_flags():
    answer = subprocess.run(["pkg-config", "--cflags", *PACKAGES], capture_output=True, text=True)
    return answer.stdout.split() if answer.returncode == 0 else []


def find(root, files):
    # CMakeLists.txt tells the tests where the sources lie.
    flags = [*FLAGS, *_package_flags(), f"-I{root}", f'-DEIR_SOURCE_DIR="{root}"', "-"]
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True).stdout
    remembered, closure = Remembered("headers-alone"), Closure(root)
    headers = [name for name in cpp_files(files) if name.endswith(".h")]
    keys = {name: digest(version, FLAGS, name, *(part for pair in closure.contents(name) for part in pair)) for name in headers}

    def compile_alone(name):
        if remembered.has(keys[name]):
            return None
        done = subprocess.run(
            [COMPILER, *flags], input=f'#include "{name}"\n', capture_output=True, text=True, cwd=root
        )
        if done.returncode == 0:
            remembered.add(keys[name])
            return None
        errors = [line for line in done.stderr.split("\n") if re.search(r": (?:fatal )?error: ", line)]
        return f"{name}: does not compile alone\n" + "\n".join("    " + line for line in errors[:4])

    return [complaint for complaint in in_parallel(compile_alone, headers) if complaint]
