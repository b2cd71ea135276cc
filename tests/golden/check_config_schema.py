"""Checks the JSON Schema of configurations with an implementation that is not ours.

    bernoulli config schema > schema.json
    python tests/golden/check_config_schema.py schema.json

The schema must be valid under its own meta-schema, take every file in configs/, and judge every case of config_cases.txt as
expected; json_schema_test.cpp holds the loader to the same cases. Needs jsonschema and PyYAML.
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).parent
REQUIRED = {
    "data": {"train": "t", "validation": "v"},
    "task": {"kind": "binary", "positive": "pos"},
    "model": {"layers": [{"embedding": 4}, "mean_pool", {"linear": 1}]},
    "training": {"epochs": 1},
}


class Loader(yaml.SafeLoader):
    """YAML 1.2 numbers: 1e-08 is one."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$"), list("-+.0123456789"))


def cases():
    text = (HERE / "config_cases.txt").read_text()
    for block in text.split("\n=== ")[1:]:
        head, _, body = block.partition("\n")
        verdict, _, title = head.partition(": ")
        yield verdict, title, {**REQUIRED, **(yaml.load(body, Loader) or {})}


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    for path in sorted((HERE.parent.parent / "configs").glob("*.yaml")):
        for error in validator.iter_errors(yaml.load(path.read_text(), Loader)):
            wrong += 1
            print(f"{path.name}: {error.json_path}: {error.message}")
    count = 0
    for verdict, title, config in cases():
        count += 1
        errors = list(validator.iter_errors(config))
        if bool(errors) != (verdict == "invalid"):
            wrong += 1
            print(f"case '{title}' is {verdict}, but the schema says {[error.message for error in errors] or 'valid'}")
    print(f"{count} cases and the files in configs/: {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
