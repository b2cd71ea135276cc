#!/usr/bin/env python3
"""Whether libbernoulli_cuda_graph.so opens beside LibTorch's CUDA half, told without that half.

Every name that the library leaves open, and that has to do with CUDA, must stand in cuda_graph_symbols.txt: names that the CUDA half
of the LibTorch version defines. Other versions name things differently, so that there it is not asked.
"""

import os
import pathlib
import subprocess
import sys
import unittest


class Symbols(unittest.TestCase):
    def test_every_open_name_is_one_of_the_cuda_half(self):
        if os.environ["BERNOULLI_TORCH_VERSION"] != "2.11.0":
            self.skipTest("the list is of LibTorch 2.11.0")
        listed = pathlib.Path(__file__).with_name("cuda_graph_symbols.txt").read_text(encoding="utf-8").splitlines()
        known = {line for line in listed if not line.startswith("#")}
        nm = subprocess.run(["nm", "-D", "--undefined-only", os.environ["BERNOULLI_CUDA_GRAPH_LIBRARY"]], check=True,
                            stdout=subprocess.PIPE, text=True)
        opened = {line.split()[-1].split("@")[0] for line in nm.stdout.splitlines()}
        of_cuda = {name for name in opened if "cuda" in name.lower()}
        self.assertIn("_ZN2at4cuda9CUDAGraph6replayEv", of_cuda)
        self.assertEqual(of_cuda - known, set())


if __name__ == "__main__":
    sys.exit(unittest.main())
