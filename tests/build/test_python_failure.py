"""pip's own last lines, and what a friend is told. The lines are real ones, of pip 23 to 26."""

from __future__ import annotations

import pytest

from dialup_ext.build.python_failure import explain_pip

NOTHING = ("ERROR: Could not find a version that satisfies the requirement {0} (from versions: none)\n"
           "ERROR: No matching distribution found for {0}")
UNREACHED = ("WARNING: Retrying (Retry(total=1, connect=None, read=None, redirect=None, status=None)) after connection broken by "
             "'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new "
             "connection: [Errno 111] Connection refused')': /simple/six/\n")
LOGS = {
    "package_not_found": NOTHING.format("dialup-no-such-package-xyz"),
    "version_not_found": ("ERROR: Could not find a version that satisfies the requirement flask==99.1 (from versions: 3.1.1, 3.1.2, "
                          "3.1.3)\nERROR: No matching distribution found for flask==99.1"),
    "dependencies_conflict": (
        "ERROR: Cannot install -r requirements.txt (line 1) and werkzeug==2.0.0 because these package versions have conflicting "
        "dependencies.\n\nThe conflict is caused by:\n    The user requested werkzeug==2.0.0\n    flask 3.1.3 depends on "
        "werkzeug>=3.1.0\n\nERROR: ResolutionImpossible: for help visit the documentation"),
    "damaged_package": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, "
        "please update the hashes.\n    six==1.16.0:\n        Expected sha256 00\n             Got        8a"),
    "hashes_missing": ("ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a "
                       "list of those requirements\n    flask==3.1.3 --hash=sha256:f4"),
    "bad_requirements": "ERROR: Invalid requirement: 'flask=3'\nHint: = is not a valid operator. Did you mean == ?",
    "no_network": UNREACHED + NOTHING.format("six"),
    "wrong_python": "ERROR: Package 'numpy' requires a different Python: 3.11.2 not in '>=3.12'",
    "package_not_built": "  error: subprocess-exited-with-error\nERROR: Failed building wheel for lxml",
    "out_of_memory": "  File \"x.py\", line 3\nMemoryError",
    "no_space": "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "pip_missing": "/usr/bin/python3: No module named pip",
}


@pytest.mark.parametrize("code", LOGS)
def test_what_pip_says_is_said_in_words(code):
    failure = explain_pip(LOGS[code].splitlines(), 1, where="requirements.txt")
    assert failure.code == code
    assert failure.message.endswith(".")
    assert failure.hint
    assert failure.log_tail


def test_a_version_that_is_not_there_is_answered_with_the_newest():
    failure = explain_pip(LOGS["version_not_found"].splitlines(), 1)
    assert "flask==99.1" in failure.message
    assert "3.1.3" in failure.hint


def test_a_list_of_versions_that_was_cut_is_still_one():
    line = "ERROR: Could not find a version that satisfies the requirement flask==99.1 (from versions: 0.11, 0.11.1, …"
    failure = explain_pip([line, "ERROR: No matching distribution found for flask==99.1"], 1)
    assert failure.code == "version_not_found"
    assert "newest" not in failure.hint


def test_a_package_without_a_wheel_is_told_of_the_way_to_build_it():
    failure = explain_pip(NOTHING.format("docopt").splitlines(), 1)
    assert "docopt" in failure.message
    assert "scripts = true" in failure.hint


def test_limits_and_silence_have_words_too():
    assert explain_pip([], None, "deadline").code == "timeout"
    assert explain_pip([], 137, "memory").code == "out_of_memory"
    assert explain_pip([], 137).code == "out_of_memory"
    assert explain_pip(["something odd"], 2).code == "build_failed"
