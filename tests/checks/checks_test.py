"""Each check finds a violation planted for it and leaves the good neighbour alone."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import clang_format
import clang_tidy
import coroutines
import file_length
import function_length
import headers_alone
import layers
import no_outside_references
import sans_io
from source import blank_comments_and_strings, project_files

ROOT = Path(__file__).resolve().parents[2]


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, contents):
        for name, text in contents.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return list(contents)


class Coroutines(Planted):
    def test_an_await_in_an_arm_is_found_and_one_around_a_choice_is_not(self):
        files = self.write({
            "server/a.cc": "void f() {\n  int a = c ? 1\n            : co_await g();\n}\n",
            "server/b.cc": "void f() {\n  int a = c ? co_await g() : 1;\n}\n",
            "server/c.cc": "void f() {\n  int a = co_await g(c ? 1 : 2);\n  int b = c ? 1 : 2;\n  co_await g(b);\n}\n",
        })  # fmt: skip
        self.assertEqual([line.split(": ")[0] for line in coroutines.find(self.root, files)], ["server/a.cc:3", "server/b.cc:2"])


class Layers(Planted):
    def test_an_include_that_goes_up_is_found_and_one_that_goes_down_is_not(self):
        files = self.write({
            "lib/base/bytes.h": "#pragma once\n",
            "lib/rtp/view.h": '#pragma once\n#include "lib/base/bytes.h"\n',
            "lib/base/wrong.h": '#pragma once\n\n#include "lib/rtp/view.h"\n',
        })  # fmt: skip
        self.assertEqual(layers.find(self.root, files), ['lib/base/wrong.h:3: "lib/rtp/view.h": an include from lib/base goes up'])

    def test_folders_of_one_rank_do_not_see_each_other(self):
        files = self.write({"lib/sdp/a.h": "", "lib/media/b.cc": '#include "lib/sdp/a.h"\n'})
        self.assertIn("goes beside", layers.find(self.root, files)[0])

    def test_lib_includes_nothing_of_server_and_product_code_nothing_of_tests(self):
        files = self.write({
            "server/config/c.h": "", "tests/support/t.h": "",
            "lib/router/a.cc": '#include "server/config/c.h"\n', "server/api/b.cc": '#include "tests/support/t.h"\n',
        })  # fmt: skip
        self.assertEqual(len(layers.find(self.root, files)), 2)

    def test_includes_that_are_relative_or_point_nowhere_are_found(self):
        files = self.write({"lib/rtp/a.h": "", "lib/rtp/b.cc": '#include "a.h"\n#include "lib/rtp/gone.h"\n'})
        self.assertEqual(len(layers.find(self.root, files)), 2)

    def test_a_folder_without_a_rank_is_found_and_a_comment_is_no_include(self):
        files = self.write({"lib/odd/a.h": "", "lib/rtp/b.cc": '#include "lib/odd/a.h"\n// #include "lib/odd/a.h"\n'})
        self.assertEqual(len(layers.find(self.root, files)), 1)

    def test_tests_may_include_everything(self):
        files = self.write({"server/api/a.h": "", "tests/support/b.cc": '#include "server/api/a.h"\n'})
        self.assertEqual(layers.find(self.root, files), [])


class SansIo(Planted):
    def one(self, name, line):
        return sans_io.find(self.root, self.write({name: line + "\n"}))

    def test_each_forbidden_thing_in_lib_is_found(self):
        for line in (
            "#include <thread>", "#include <sys/socket.h>", "#include <boost/json.hpp>", "#include <fstream>",
            "auto t = std::chrono::steady_clock::now();", "auto t = ::time(nullptr);", "int s = socket(AF_INET, 0, 0);",
            "std::random_device device;", 'auto home = getenv("HOME");', 'FILE* f = fopen("x", "r");',
            "std::shared_ptr<int> p;", "thread_local int n;", "static std::atomic<int> n;", "boost::json::value v;",
        ):  # fmt: skip
            with self.subTest(line):
                self.assertEqual(len(self.one("lib/rtp/a.cc", line)), 1)

    def test_words_in_comments_strings_and_longer_names_are_left_alone(self):
        for line in (
            "// a std::shared_ptr would hide the owner", 'log("getenv");', "int64_t rtp_time(int x);", "playout.time(now);",
            "Timestamp last_accept(int);", "#include <chrono>", "/* std::thread */",
        ):  # fmt: skip
            with self.subTest(line):
                self.assertEqual(self.one("lib/rtp/a.cc", line), [])

    def test_a_stated_reason_is_an_exception(self):
        self.assertEqual(self.one("lib/base/a.cc", 'fopen("x", "r");  // io: the last words before an abort'), [])

    def test_sleeps_clocks_and_ports_are_found_in_unit_and_simulation_tests(self):
        for line in ("sleep_for(1s);", "auto t = std::chrono::system_clock::now();", "::bind(fd, address, size);"):
            self.assertEqual(len(self.one("tests/unit/lib/rtp/a_test.cc", line)), 1)
            self.assertEqual(len(self.one("tests/sim/a_test.cc", line)), 1)
            self.assertEqual(self.one("tests/integration/a.cc", line), [])

    def test_the_server_may_use_what_lib_may_not(self):
        self.assertEqual(self.one("server/media/a.cc", "#include <sys/socket.h>"), [])


def body(lines):
    """A function body whose braces span `lines` lines."""
    return "{\n" + "  f();\n" * (lines - 2) + "}\n"


class FunctionLength(Planted):
    def lengths(self, text):
        return [closing - opening + 1 for _, opening, closing in function_length.functions(text)]

    def test_seventy_lines_pass_and_seventy_one_do_not(self):
        files = self.write({"lib/rtp/a.cc": "void good() " + body(70) + "\nvoid bad() " + body(71)})
        self.assertEqual(function_length.find(self.root, files), ["lib/rtp/a.cc:72: a function of 71 lines (at most 70)"])

    def test_a_reason_beside_the_head_is_an_exception(self):
        files = self.write({"lib/rtp/a.cc": "// long: one table, read from top to bottom\nvoid table() " + body(90)})
        self.assertEqual(function_length.find(self.root, files), [])

    def test_methods_in_classes_in_namespaces_are_counted_one_by_one(self):
        text = "namespace eir {\nclass A final : public B {\n public:\n  A() : a_{1}, b_(2) " + body(5)
        text += "  int f(int x = {}) const " + body(7) + "  enum class E { kA, kB };\n  int a_{0};\n};\n}  // namespace eir\n"
        self.assertEqual(self.lengths(text), [5, 7])

    def test_lambdas_and_local_classes_belong_to_their_function(self):
        text = "void f() {\n  auto g = [](int x) {\n    return x;\n  };\n  struct S {\n    void h() {\n    }\n  };\n}\n"
        self.assertEqual(self.lengths(text), [9])

    def test_braces_in_strings_comments_and_macros_do_not_count(self):
        text = "#define OPEN {\nvoid f() {\n  g(\"{\");  // {\n  g('{');\n  g(R\"({{{)\");\n}\nvoid h() {\n}\n"
        self.assertEqual(self.lengths(text), [5, 2])

    def test_tests_operators_templates_and_trailing_returns_are_functions(self):
        text = "TEST(Name, Sentence) {\n}\ntemplate <class T>\nauto f(T t) -> std::vector<T> {\n}\n"
        text += "bool operator<(const A& a, const A& b) {\n}\nconst int kTable[] = {\n1,\n2,\n};\nextern \"C\" int g() {\n}\n"
        self.assertEqual(self.lengths(text), [2, 2, 2, 2])

    def test_digit_separators_are_no_character_literals(self):
        self.assertEqual(self.lengths("int f() {\n  return 1'000'000;\n}\nint g() {\n}\n"), [3, 2])


class FileLength(Planted):
    def test_five_hundred_lines_pass_and_one_more_does_not(self):
        files = self.write({"lib/rtp/a.cc": "\n" * 500, "server/web/b.js": "\n" * 501, "package-lock.json": "\n" * 900})
        self.assertEqual(file_length.find(self.root, files), ["server/web/b.js: 501 lines (at most 500)"])


class NoOutsideReferences(Planted):
    def test_foreign_folders_and_registry_hosts_are_found(self):
        for text in ("see /" + "work/main", "../" + "shared/x", "/" + "root/.x", '"/' + 'tmp/x"', "registry" + ".npmjs.org"):
            with self.subTest(text):
                self.assertEqual(len(no_outside_references.find(self.root, self.write({"README.md": text}))), 1)

    def test_like_sounding_paths_are_left_alone(self):
        text = "server/workers/x.h framework/ $root/x ${root}/tmp_x a/tmp-b build/tmp/x"
        self.assertEqual(no_outside_references.find(self.root, self.write({"README.md": text})), [])


class Tools(Planted):
    def setUp(self):
        super().setUp()
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = str(self.root / "cache")
        self.addCleanup(lambda: os.environ.pop("XDG_CACHE_HOME") if before is None else os.environ.update(XDG_CACHE_HOME=before))

    def test_a_header_that_lacks_an_include_is_found_also_after_a_change_below_it(self):
        good = {"lib/rtp/a.h": "#pragma once\n#include <vector>\n", "lib/rtp/b.h": '#pragma once\n#include "lib/rtp/a.h"\nstd::vector<int> f();\n'}
        files = self.write(good)
        self.assertEqual(headers_alone.find(self.root, files), [])
        self.write({"lib/rtp/a.h": "#pragma once\n"})
        self.assertEqual(len(headers_alone.find(self.root, files)), 1)
        self.assertEqual(len(headers_alone.find(self.root, files)), 1)

    def test_ill_formatted_code_is_found(self):
        files = self.write({"lib/rtp/a.cc": "int  f( ){return 1;}\n", "lib/rtp/b.cc": "int f() { return 1; }\n"})
        (self.root / ".clang-format").write_bytes((ROOT / ".clang-format").read_bytes())
        self.assertEqual([each.split(":")[0] for each in clang_format.find(self.root, files)], ["lib/rtp/a.cc"])

    def test_clang_tidy_finds_a_bad_name(self):
        self.write({"lib/rtp/a.cc": "int BadName() { return 1; }\n"})
        (self.root / ".clang-tidy").write_bytes((ROOT / ".clang-tidy").read_bytes())
        (self.root / "compile_commands.json").write_text(
            '[{"directory": "%s", "command": "clang++-14 -std=c++20 -c lib/rtp/a.cc", "file": "%s/lib/rtp/a.cc"}]'
            % (self.root, self.root)
        )
        complaints, count = clang_tidy.find(self.root, self.root)
        self.assertEqual(count, 1)
        self.assertIn("BadName", complaints[0])

    def test_new_files_belong_to_the_project_and_ignored_ones_do_not(self):
        self.write({".gitignore": "/build/\n", "build/x.h": "", "lib/new.h": ""})
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        self.assertEqual(project_files(self.root), [".gitignore", "lib/new.h"])


class Source(unittest.TestCase):
    def test_blanking_keeps_every_line_where_it_was(self):
        text = 'a(); /* x\ny */ b("q\\"{", \'}\');\nR"m(\n{)m"; // z\nc();\n'
        blanked = blank_comments_and_strings(text)
        self.assertEqual([len(line) for line in blanked.split("\n")], [len(line) for line in text.split("\n")])
        self.assertNotIn("{", blanked)
        self.assertIn("c();", blanked)


if __name__ == "__main__":
    unittest.main()
