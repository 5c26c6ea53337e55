"""Functions in unnamed namespaces of a library or program have names of their own in their folder.

The files of a folder are compiled as one (cmake/EbbTargets.cmake): an overload of a neighbouring file could be
taken for a file's own without a word from the compiler.
"""
import collections
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A definition as clang-format lays it out: at the beginning of a line, its type before its name.
FUNCTION = re.compile(r"(?!return\b|using\b|struct\b|class\b|enum\b|namespace\b|static_assert\b|template\b)"
                      r"[A-Za-z_][^=;(]*?\b(\w+)\(")


def unnamed_functions(text: str) -> set:
    """The functions that the unnamed namespaces of a source file define."""
    names, inside = set(), False
    for line in text.splitlines():
        if line == "namespace {":
            inside = True
        elif line == "}  // namespace":
            inside = False
        elif inside and (match := FUNCTION.match(line)):
            names.add(match.group(1))
    return names


class UnnamedNamespacesTest(unittest.TestCase):
    def test_finds_functions(self):
        text = "namespace {\n\nstd::size_t size_of(int x) {\n  return f(x);\n}\n\nstruct Size {};\n}  // namespace\nint other();\n"
        self.assertEqual(unnamed_functions(text), {"size_of"})

    def test_names_are_unique_in_a_folder(self):
        files_of = collections.defaultdict(list)
        for top in ("kernels", "engine", "preprocessing", "apps"):
            for path in sorted((ROOT / top).rglob("*.cpp")):
                text = path.read_text(encoding="utf-8")
                if "hwy/foreach_target.h" not in text:  # compiled on its own
                    for name in unnamed_functions(text):
                        files_of[path.parent.relative_to(ROOT), name].append(path.name)
        self.assertGreater(len(files_of), 500)
        shared = {f"{folder}: {name} in {', '.join(files)}"
                  for (folder, name), files in files_of.items() if len(files) > 1}
        self.assertEqual(shared, set())


if __name__ == "__main__":
    unittest.main()
