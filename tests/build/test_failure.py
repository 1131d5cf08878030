"""npm's own words, as it printed them, and what a person is told."""

from __future__ import annotations

import pytest

from dialup_ext.build.failure import explain_failure

LOGS = {
    "package_not_found": """npm error code E404
npm error 404 Not Found - GET https://registry.example/no-such-thing - Not found
npm error 404
npm error 404  'no-such-thing@^1.0.0' is not in this registry.""",
    "version_not_found": """npm error code ETARGET
npm error notarget No matching version found for ws@^99.0.0.
npm error notarget In most cases you or one of your dependencies are requesting""",
    "lock_out_of_date": """npm error code EUSAGE
npm error
npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json \
are in sync. Please update your lock file with `npm install` before continuing.
npm error Missing: left-pad@1.3.0 from lock file""",
    "bad_package_json": """npm error code EJSONPARSE
npm error JSON.parse Expected property name or '}' in JSON at position 1""",
    "no_network": """npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error errno ENOTFOUND
npm error network request to https://registry.example/ws failed, reason: getaddrinfo ENOTFOUND registry.example""",
    "out_of_memory": """<--- Last few GCs --->
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory""",
    "no_space": """npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write
npm error code ENOSPC""",
    "dependencies_conflict": "npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree",
    "damaged_package": "npm error code EINTEGRITY\nnpm error sha512-x integrity checksum failed",
    "package_private": "npm error code E401\nnpm error Incorrect or missing password.",
    "git_dependency": "npm error code ENOENT\nnpm error syscall spawn git\nnpm error path git",
    "npm_missing": "sh: 1: npm: not found",
    "build_failed": "something nobody has seen before",
}


@pytest.mark.parametrize("code", LOGS)
def test_npms_words_become_a_cause_and_one_thing_to_try(code):
    failure = explain_failure(LOGS[code].splitlines(), 1)
    assert failure.code == code
    assert failure.step == "build"
    assert failure.message.endswith(".")
    assert failure.hint
    assert failure.log_tail == tuple(LOGS[code].splitlines())


def test_the_missing_package_is_named():
    assert "“no-such-thing”" in explain_failure(LOGS["package_not_found"].splitlines(), 1).message
    scoped = LOGS["package_not_found"].replace("no-such-thing", "@a/b")
    assert "“@a/b”" in explain_failure(scoped.splitlines(), 1).message
    assert "ws@^99.0.0" in explain_failure(LOGS["version_not_found"].splitlines(), 1).message


@pytest.mark.parametrize(("reason", "code"), [("deadline", "timeout"), ("memory", "out_of_memory")])
def test_the_drivers_reason_is_stronger_than_the_log(reason, code):
    assert explain_failure(LOGS["no_network"].splitlines(), 1, reason).code == code


def test_a_kill_without_words_is_memory():
    assert explain_failure([], 137).code == "out_of_memory"
    assert explain_failure([], -9).code == "out_of_memory"


def test_an_end_nobody_saw_has_a_sentence_too():
    assert "interrupted" in explain_failure([], None).message


def test_only_the_last_forty_lines_are_kept():
    lines = [f"line {number}" for number in range(100)]
    assert explain_failure(lines, 1).log_tail == tuple(lines[-40:])


def test_braces_in_a_log_do_no_harm():
    assert explain_failure(["npm error notarget ETARGET No matching version found for {0}{x}."], 1).code
