"""What pip is given: lines that were checked, from the most exact file there is; and the key of the same again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from dialup_ext.build.python_layer import python_layer_spec
from dialup_ext.build.python_plan import python_plan
from dialup_ext.build.python_requirements import read_requirements
from dialup_ext.domain.instance import Runtime
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.errors import BadInput
from dialup_ext.settings import Settings

UVICORN = ("python", "-m", "uvicorn", "main:app")
HASH = "--hash=sha256:" + "0" * 64


def folder(files: dict[str, str]) -> tuple[Manifest, Callable[[str], bytes]]:
    contents = {path: text.encode() for path, text in files.items()}
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in contents.items())
    return manifest, contents.__getitem__


def lines_of(files: dict[str, str]) -> tuple[str, ...]:
    return read_requirements(*folder(files)).lines


def test_lines_are_read_as_pip_reads_them():
    text = f"# what we need\nflask == 3.1.3  # the web\n\nsix==1.16.0 \\\n    {HASH}\n--prefer-binary\n-e .\nhttpx[http2]>=0.27 ; python_version > '3.8'\n"
    assert lines_of({"requirements.txt": text}) == (
        "flask == 3.1.3", f"six==1.16.0 {HASH}", "httpx[http2]>=0.27 ; python_version > '3.8'")


def test_files_may_include_others_inside_the_folder():
    found = read_requirements(*folder({
        "requirements.txt": "-r more/base.txt\n-c limits.txt\nflask", "more/base.txt": "-r ../requirements.txt\nsix",
        "limits.txt": "six<2"}))
    assert found.lines == ("six", "flask")
    assert found.constraints == ("six<2",)


@pytest.mark.parametrize(("line", "code"), [
    ("git+https://example.org/x.git", "git_dependency"), ("x @ git+ssh://example.org/x", "git_dependency"),
    ("./wheels/x.whl", "local_dependency"), ("/etc/passwd", "local_dependency"), ("-e ../other", "bad_requirements"),
    ("x @ file:///etc/x.whl", "local_dependency"), ("x.whl", "local_dependency"), ("-r ../../etc/passwd", "bad_requirements"),
    ("-r /etc/passwd", "bad_requirements"), ("--index-url https://example.org/simple", "own_index"),
    ("--extra-index-url=https://example.org", "own_index"), ("-f /tmp", "own_index"), ("--trusted-host x", "own_index"),
    ("flask --global-option=x", "bad_requirements"), ("flask --config-settings=a=b", "bad_requirements"),
    ("; rm -rf", "bad_requirements"), ("--target /tmp", "bad_requirements")])
def test_what_would_lead_pip_elsewhere_is_refused(line, code):
    with pytest.raises(BadInput) as refusal:
        lines_of({"requirements.txt": f"six\n{line}\n"})
    assert refusal.value.code == code
    assert refusal.value.hint


def test_a_project_says_its_dependencies():
    project = '[project]\nname = "x"\ndependencies = ["flask>=3", "httpx"]\n[dependency-groups]\ndev = ["pytest"]'
    assert lines_of({"pyproject.toml": project}) == ("flask>=3", "httpx")
    assert lines_of({"pyproject.toml": "[tool.ruff]\n"}) == ()
    for text in ('[project]\ndynamic = ["dependencies"]', "[tool.poetry.dependencies]\nflask = '3'", "[", "[project]\ndependencies = 3"):
        with pytest.raises(BadInput) as refusal:
            lines_of({"pyproject.toml": text})
        assert refusal.value.code == "bad_requirements"


def test_a_pylock_comes_first_with_its_hashes_and_conditions():
    lock = ('lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n[[packages.wheels]]\nurl = "u"\n'
            '[packages.wheels.hashes]\nsha256 = "aa"\n[[packages]]\nname = "tomli"\nversion = "2"\nmarker = "python_version < \'3.11\'"\n'
            '[[packages]]\nname = "me"\n[packages.directory]\npath = "."\n')
    assert lines_of({"pylock.toml": lock, "requirements.txt": "other"}) == (
        "six==1.16.0 --hash=sha256:aa", "tomli==2 ; python_version < '3.11'")


def test_a_uv_lock_gives_what_the_project_needs_and_nothing_for_developing():
    lock = """
[[package]]
name = "site"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "flask" }, { name = "tomli", marker = "python_full_version < '3.11'" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "flask"
version = "3.1.3"
source = { registry = "r" }
dependencies = [{ name = "six", extra = ["more"] }, { name = "flask" }]
wheels = [{ url = "u", hash = "sha256:aa" }]
sdist = { url = "u", hash = "sha256:bb" }
[[package]]
name = "six"
version = "1"
source = { registry = "r" }
[package.optional-dependencies]
more = [{ name = "extra" }]
[[package]]
name = "extra"
version = "2"
source = { registry = "r" }
[[package]]
name = "tomli"
version = "2"
source = { registry = "r" }
[[package]]
name = "pytest"
version = "8"
source = { registry = "r" }
"""
    assert lines_of({"uv.lock": lock, "pyproject.toml": "[project]\n"}) == (
        "extra==2", "flask==3.1.3 --hash=sha256:aa --hash=sha256:bb", "six==1", "tomli==2 ; ((python_full_version < '3.11'))")
    with pytest.raises(BadInput) as refusal:
        lines_of({"uv.lock": lock.replace('version = "1"\nsource = { registry = "r" }', 'version = "1"\nsource = { git = "g" }'),
                  "pyproject.toml": "[project]\n"})
    assert refusal.value.code == "local_dependency"


def test_the_server_is_added_unless_the_site_brings_it():
    def added(text: str, start: tuple[str, ...] = UVICORN) -> tuple[str, ...]:
        return python_plan(*folder({"requirements.txt": text}), start, python="3.11").added

    assert [line.partition(">")[0] for line in added("fastapi")] == ["uvicorn", "websockets"]
    assert added("Uvicorn[standard]==0.34") == ()
    assert [line.partition(">")[0] for line in added("websockets==14")] == ["uvicorn"]
    assert added("x", ("python", "server.py")) == ()
    assert not python_plan(*folder({"main.py": ""}), ("python", "main.py"), python="3.11").needs_dependencies


def test_the_key_tells_apart_what_would_be_installed_differently():
    def key(text: str, start: tuple[str, ...] = UVICORN, *, python: str = "3.11", platform_name: str = "a",
            from_source: bool = False) -> str:
        return python_plan(*folder({"requirements.txt": text, "main.py": "x"}), start, python=python,
                           platform_name=platform_name, from_source=from_source).layer_key

    same = key("flask\n")
    assert key("# why\nflask") == same
    assert len({same, key("flask==3"), key("flask", python="3.12"), key("flask", platform_name="b"),
                key("flask", from_source=True), key("flask", ("python", "main.py"))}) == 6


def test_no_line_leads_pip_to_an_address_or_takes_what_its_environment_says():
    for line, code in (("x @ https://example.org/x-1.tar.gz", "own_index"), ("https://example.org/x.zip", "own_index"),
                       ("x==${HTTPS_PROXY}", "bad_requirements")):
        with pytest.raises(BadInput) as refusal:
            lines_of({"requirements.txt": line})
        assert refusal.value.code == code
    with pytest.raises(BadInput):
        lines_of({"pylock.toml": '[[packages]]\nname = "a"\nversion = "1\\n./x"'})


def test_limits_may_be_packages_as_well():
    assert lines_of({"requirements.txt": "-c base.txt\n-r base.txt", "base.txt": "six<2"}) == ("six<2",)


@pytest.mark.parametrize(("name", "text"), [
    ("pyproject.toml", "project = 1"), ("pyproject.toml", "[project]\ndynamic = 1"), ("pyproject.toml", "x = " + "1" * 5000),
    ("pylock.toml", '[[packages]]\nname = "a"\ndirectory = "x"'), ("uv.lock", '[[package]]\nname = "a"\nsource = "x"')])
def test_a_file_that_is_not_made_as_such_files_are_is_refused_in_words(name, text):
    with pytest.raises(BadInput) as refusal:
        lines_of({"pyproject.toml": "", name: text})
    assert refusal.value.code == "bad_requirements"


def uv(*packages: tuple[str, list[tuple[str, str]]]) -> dict[str, str]:
    """A uv.lock: each package with what it needs, and on which condition."""
    text = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ {"virtual" if name == "site" else "registry"} = "." }}\n'
        "dependencies = [" + ", ".join(f'{{ name = "{to}", marker = "{when}" }}' for to, when in needs) + "]\n"
        for name, needs in packages)
    return {"uv.lock": text, "pyproject.toml": ""}


def test_packages_that_need_each_other_on_conditions_come_to_an_end():
    found = lines_of(uv(("site", [("a", "k")]), ("a", [("b", "m")]), ("b", [("a", "n")])))
    assert found == ("a==1 ; ((k))", "b==1 ; ((k) and (m))")


def test_a_lock_with_more_ways_than_anybody_can_walk_is_refused():
    ladder = [(f"p{step}", [(f"p{step + 1}", f"a{step}"), (f"p{step + 1}", f"b{step}")]) for step in range(60)]
    with pytest.raises(BadInput) as refusal:
        lines_of(uv(("site", [("p0", "x")]), *ladder, ("p60", [])))
    assert refusal.value.code == "bad_requirements"


def test_strangers_code_is_told_no_password_and_has_no_cache_of_others(tmp_path):
    settings = Settings(home=tmp_path)
    proxy = {"HTTPS_PROXY": "http://me:secret@proxy:1"}

    def spec(*, from_source: bool):
        plan = python_plan(*folder({"requirements.txt": "six"}), (), python="3.11", from_source=from_source)
        return python_layer_spec(plan, tmp_path / "s", Runtime.PYTHON, account="a", account_id="1", deployment_id="d",
                                 settings=settings, environment=proxy)

    wheels, built = spec(from_source=False), spec(from_source=True)
    assert "HTTPS_PROXY" in wheels.environment
    assert "--only-binary" in wheels.steps[0]
    assert "HTTPS_PROXY" not in built.environment
    assert [mount.path for mount in built.mounts if mount.writable] == [tmp_path / "s"]
