#!/usr/bin/env python3
"""The layering check must find what it is there to find: each case plants one violation in a small tree."""

import pathlib
import tempfile
import unittest

from check_layering import faults

CMAKE = """
bernoulli_library(core DEPENDS fmt::fmt-header-only)
bernoulli_library(config DEPENDS bernoulli::core PRIVATE_DEPENDS yaml-cpp::static)
bernoulli_library(text DEPENDS bernoulli::config)  # bernoulli::train in a comment counts for nothing
bernoulli_library(tensor DEPENDS bernoulli::core torch::cpu)
bernoulli_library(train DEPENDS bernoulli::text bernoulli::tensor)
bernoulli_library(predict DEPENDS bernoulli::tensor)
target_link_libraries(bernoulli_torch PRIVATE bernoulli::train boost::program_options)
"""


class LayeringTest(unittest.TestCase):
    def found(self, name="core/file.h", text="#pragma once\n", cmake=CMAKE, also=None):
        with tempfile.TemporaryDirectory() as project:
            source = pathlib.Path(project) / "src"
            for path, content in {name: text, "CMakeLists.txt": cmake, **(also or {})}.items():
                (source / path).parent.mkdir(parents=True, exist_ok=True)
                (source / path).write_text(content, encoding="utf-8")
            return faults(project)

    def test_accepts_what_is_linked_directly_or_through_others(self):
        text = '#include <vector>\n#include "core/file.h"\n#include "config/load.h"\n#include "train/trainer.h"\n'
        self.assertEqual(self.found("train/trainer.cpp", text), [])
        self.assertEqual(self.found("cli/main.cpp", text + "#include <boost/program_options.hpp>\n"), [])

    def test_refuses_a_folder_that_comes_later(self):
        self.assertEqual(self.found("text/split.cpp", '#include <vector>\n#include "train/trainer.h"\n'),
                         ["src/text/split.cpp:2: 'text' may not include \"train/trainer.h\": it does not link 'train'"])

    def test_refuses_a_sibling(self):
        self.assertEqual(self.found("tensor/device.cpp", '#include "text/split.h"\n'),
                         ["src/tensor/device.cpp:1: 'tensor' may not include \"text/split.h\": it does not link 'text'"])

    def test_refuses_a_link_that_points_forwards(self):
        self.assertEqual(self.found(cmake="bernoulli_library(core DEPENDS bernoulli::config)\nbernoulli_library(config)"),
                         ["src/CMakeLists.txt: 'core' links 'config', which does not come before it"])

    def test_refuses_a_folder_without_a_place(self):
        self.assertIn("folder 'stuff' has no place", self.found(cmake="bernoulli_library(stuff)")[0])

    def test_refuses_a_predictor_that_carries_the_trainer(self):
        cmake = CMAKE.replace("predict DEPENDS bernoulli::tensor", "predict DEPENDS bernoulli::train")
        self.assertEqual(self.found(cmake=cmake), ["src/CMakeLists.txt: 'predict' reaches 'train', which it must not"])

    def test_knows_what_the_library_of_c_links(self):
        cmake = CMAKE + "add_library(bernoulli_c SHARED x.cpp)\ntarget_link_libraries(bernoulli_c PRIVATE bernoulli::text warnings)\n"
        text = '#include <vector>\n#include "text/split.h"\n'
        self.assertEqual(self.found("c_api/classifier.cpp", text, cmake), [])
        self.assertEqual(self.found("c_api/classifier.cpp", text + '#include "tensor/device.h"\n', cmake),
                         ["src/c_api/classifier.cpp:3: 'c_api' may not include \"tensor/device.h\": it does not link 'tensor'"])
        self.assertEqual(self.found(cmake=cmake.replace("PRIVATE bernoulli::text", "PRIVATE bernoulli::tensor")),
                         ["src/CMakeLists.txt: 'c_api' links 'tensor', which does not come before it", "src/CMakeLists.txt: 'c_api' reaches 'tensor', which it must not"])

    def test_keeps_yaml_in_the_sources_of_config(self):
        line = "#pragma once\n#include <yaml-cpp/yaml.h>\n"
        self.assertEqual(self.found("config/yaml.cpp", line), [])
        for name in ("config/load.h", "text/split.cpp"):
            self.assertEqual(self.found(name, line), [f"src/{name}:2: <yaml-cpp/yaml.h>: yaml-cpp stays in the sources of config/"])

    def test_keeps_boost_in_cli_and_its_sockets_in_serve(self):
        self.assertEqual(self.found("core/file.h", "#pragma once\n#include <boost/regex.hpp>\n"),
                         ["src/core/file.h:2: <boost/regex.hpp>: Boost but for its sockets stays in cli/"])
        line = "#pragma once\n#include <boost/beast/http.hpp>\n"
        for name in ("serve/connection.h", "serve/server.cpp"):
            self.assertEqual(self.found(name, line), [])
        for name in ("serve/server.h", "cli/main.cpp"):
            self.assertEqual(self.found(name, line), [f"src/{name}:2: <boost/beast/http.hpp>: sockets and HTTP stay in serve/, behind server.h"])

    def test_keeps_wide_torch_headers_out_of_headers(self):
        for header in ("torch/torch.h", "torch/script.h"):
            line = f"#pragma once\n#include <{header}>\n"
            self.assertEqual(len(self.found("tensor/device.h", line)), 1)
            self.assertEqual(self.found("tensor/device.cpp", line), [])
        self.assertEqual(self.found("tensor/device.h", "#pragma once\n#include <ATen/core/Tensor.h>\n"), [])

    def test_keeps_libtorch_out_of_folders_that_do_not_link_it(self):
        self.assertEqual(self.found("text/split.cpp", "#include <ATen/core/Tensor.h>\n"),
                         ["src/text/split.cpp:1: <ATen/core/Tensor.h>: 'text' does not link LibTorch"])

    def test_keeps_cuda_headers_in_their_library(self):
        self.assertEqual(len(self.found("train/trainer.cpp", "#include <cuda_runtime.h>\n")), 1)

    def test_asks_for_paths_from_the_root(self):
        for header in ("file.h", "../core/file.h"):
            self.assertEqual(self.found("core/file.cpp", f'#include "{header}"\n'),
                             [f'src/core/file.cpp:1: "{header}" is not written from the root of the sources'])

    def test_asks_for_the_own_header_first_and_for_pragma_once(self):
        also = {"core/file.h": ""}
        self.assertEqual(self.found("core/file.cpp", '#include <vector>\n#include "core/file.h"\n', also=also),
                         ["src/core/file.cpp:1: its own header comes first", "src/core/file.h:1: a header begins with #pragma once"])


if __name__ == "__main__":
    unittest.main()
