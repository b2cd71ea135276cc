"""Counts the cases in ctest's JUnit report: `N passed, N failed, N skipped`.

A ctest test of ours is a suite of GoogleTest, whose output has a line for each case; any other test counts as one case.
A suite that broke down before it could report a failed case counts as one failure.

Usage: count_tests.py REPORT. Exit status 1 where a case failed or there is none.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

RESULTS = {"passed": r"^\[       OK \] ", "failed": r"^\[  FAILED  \] .* \(\d+ ms\)$", "skipped": r"^\[  SKIPPED \] .* \(\d+ ms\)$"}
STATUS = {"run": "passed", "fail": "failed"}  # of a ctest test; any other is a skip

counts = dict.fromkeys(RESULTS, 0)
for test in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
    output = test.findtext("system-out", "")
    cases = {result: len(re.findall(line, output, re.MULTILINE)) for result, line in RESULTS.items()}
    status = STATUS.get(test.get("status"), "skipped")
    if status == "failed" and cases["failed"] == 0 or not any(cases.values()):
        cases[status] += 1
    for result, number in cases.items():
        counts[result] += number
print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
sys.exit(counts["failed"] > 0 or counts["passed"] == 0)
