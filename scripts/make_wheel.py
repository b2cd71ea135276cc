"""Writes the package for Python with the library in it as a wheel. usage: make_wheel.py LIBRARY FOLDER; prints the wheel's path.

The tag is that of the oldest glibc whose symbols are all there (PEP 600), as the library asks for them. A wheel is a zip archive with
metadata (PEP 427), so that nothing but Python's own modules and binutils is needed. The same library and package give the same bytes.
"""
import base64
import ctypes
import hashlib
import pathlib
import re
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What manylinux lets a wheel take from the system; all else would have to be inside.
OF_SYSTEM = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libz.so.1", "ld-linux-x86-64.so.2"}


def output(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def platform_tag(library):
    facts = output("readelf", "--wide", "--dynamic", "--version-info", library)
    foreign = set(re.findall(r"\(NEEDED\).*\[(.*)\]", facts)) - OF_SYSTEM
    if foreign:
        sys.exit(f"make_wheel: '{library}' needs {', '.join(sorted(foreign))}, which not every system has")
    versions = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", facts)
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return f"manylinux_{major}_{minor}_x86_64"


def version_of(library):
    function = ctypes.CDLL(str(library)).bernoulli_version
    function.restype = ctypes.c_char_p
    return function().decode()


def metadata(version):
    return f"""Metadata-Version: 2.1
Name: bernoulli
Version: {version}
Summary: Trained text classifiers of Bernoulli, without PyTorch
License: MIT
Requires-Python: >=3.8
Provides-Extra: numpy
Requires-Dist: numpy; extra == "numpy"
"""


def add(archive, name, content, mode=0o644):
    entry = zipfile.ZipInfo(name)  # of 1 January 1980
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def write(library, folder):
    tag = f"py3-none-{platform_tag(library)}"
    version = version_of(library)
    info = f"bernoulli-{version}.dist-info"
    stripped = folder / "libbernoulli_infer.so"
    subprocess.run(["strip", "--strip-unneeded", "-o", stripped, library], check=True)
    files = {f"bernoulli/{path.name}": path.read_bytes() for path in sorted((ROOT / "python/bernoulli").iterdir()) if path.is_file()}
    files["bernoulli/libbernoulli_infer.so"] = stripped.read_bytes()
    stripped.unlink()
    files[f"{info}/METADATA"] = metadata(version).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: make_wheel.py\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    wheel = folder / f"bernoulli-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        record = "".join(add(archive, name, content, 0o755 if name.endswith(".so") else 0o644) for name, content in files.items())
        add(archive, f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode())
    return wheel


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    print(write(pathlib.Path(sys.argv[1]), target))
