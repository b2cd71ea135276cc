"""The wheel as pip and a user meet it."""
import base64
import csv
import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

from models import Models, predicted, row

LIBRARY = os.environ["BERNOULLI_LIBRARY"]
SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/make_wheel.py"


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.wheel = cls.made("one")

    @classmethod
    def made(cls, name):
        done = subprocess.run([sys.executable, SCRIPT, LIBRARY, cls.folder / name], check=True, stdout=subprocess.PIPE, text=True)
        wheel = pathlib.Path(done.stdout.strip())
        assert list((cls.folder / name).iterdir()) == [wheel], "nothing is left beside it"
        return wheel

    def test_lists_every_file_with_its_hash(self):
        with zipfile.ZipFile(self.wheel) as archive:
            self.assertIsNone(archive.testzip())
            info, = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
            rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())))
            self.assertEqual(sorted(name for name, _, _ in rows), sorted(archive.namelist()))
            for name, digest, size in rows:
                if name == f"{info}/RECORD":
                    self.assertEqual((digest, size), ("", ""))
                    continue
                content = archive.read(name)
                expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                self.assertEqual((digest, int(size)), (f"sha256={expected}", len(content)), name)
            self.assertTrue(self.wheel.name.startswith(info.replace(".dist-info", "-py3-none-")))

    def test_asks_for_the_glibc_that_the_library_asks_for(self):
        symbols = subprocess.run(["objdump", "-T", LIBRARY], check=True, capture_output=True, text=True).stdout
        minor = max(int(found) for found in re.findall(r"GLIBC_2\.(\d+)", symbols))
        self.assertTrue(self.wheel.name.endswith(f"-manylinux_2_{minor}_x86_64.whl"), self.wheel.name)
        with zipfile.ZipFile(self.wheel) as archive:
            info, = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
            self.assertIn(f"Tag: py3-none-manylinux_2_{minor}_x86_64\n", archive.read(info).decode())

    def test_has_the_same_bytes_when_it_is_made_again(self):
        self.assertEqual(self.made("two").read_bytes(), self.wheel.read_bytes())

    def test_is_installed_by_pip_and_answers(self):
        pip = [sys.executable, "-m", "pip"]
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
            self.skipTest("this Python has no pip")
        site = self.folder / "site"
        subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", "--target", site, self.wheel], check=True)
        models = Models()
        self.addCleanup(models.close)
        code = ("import sys; sys.path.insert(0, sys.argv[1])\nimport bernoulli\n"
                "assert bernoulli.__file__.startswith(sys.argv[1])\n"
                "with bernoulli.Classifier(sys.argv[2]) as model: print(float(model.probabilities(['a fine film'])[0][0]))")
        environment = {name: value for name, value in os.environ.items() if name not in ("BERNOULLI_LIBRARY", "PYTHONPATH")}
        done = subprocess.run([sys.executable, "-c", code, site, models.file("pooled")], env=environment, check=True, stdout=subprocess.PIPE, text=True)
        record, = predicted(models.file("pooled"), [b"a fine film"])
        self.assertEqual([float(done.stdout)], row(record, "probability"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
