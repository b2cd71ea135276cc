"""cmake/Commit.cmake in a checkout of its own: commit_test.py CMAKE Commit.cmake"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CMAKE, SCRIPT = sys.argv[1:3]


class Commit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name, "checkout")
        self.output = pathlib.Path(folder.name, "commit.cpp")
        (self.source / "src").mkdir(parents=True)

    def git(self, *words):
        settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", "-C", self.source, *settings, *words], check=True, capture_output=True, text=True).stdout

    def commit(self, text):
        (self.source / "src/main.cpp").write_text(text)
        self.git("add", ".")
        self.git("commit", "-m", text)
        return self.git("rev-parse", "--short=12", "HEAD").strip()

    def build(self):
        subprocess.run([CMAKE, f"-DSOURCE={self.source}", f"-DOUTPUT={self.output}", "-P", SCRIPT], check=True)
        return self.output.read_text().split('"')[3]

    def test_follows_the_checkout_from_build_to_build(self):
        self.assertEqual(self.build(), "unknown")
        self.git("init")
        first = self.commit("first")
        self.assertEqual(self.build(), first)
        (self.source / "src/main.cpp").write_text("changed")
        self.assertEqual(self.build(), first + "-dirty")
        second = self.commit("second")
        self.assertEqual(self.build(), second)
        (self.source / "src/new.cpp").write_text("no commit has it")
        self.assertTrue(self.build().endswith("-dirty"))

    def test_leaves_the_file_as_it_is_where_nothing_that_is_built_changed(self):
        self.git("init")
        commit = self.commit("first")
        self.assertEqual(self.build(), commit)
        written = self.output.stat().st_mtime_ns
        (self.source / "notes.md").write_text("no source")
        self.assertEqual(self.build(), commit)
        self.assertEqual(self.output.stat().st_mtime_ns, written)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
