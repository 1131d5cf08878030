"""What every `Ingress` promises: the one of this machine, and the fake that others test with."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.domain.ports import GATE, Ingress, Target
from dialup_ext.errors import BadInput
from dialup_ext.ingress.serving import ServingDirectories
from dialup_ext.testing.ingress import RecordingIngress

HOST = "blog.dialup.localhost"
LAB = "alice.editor.dialup.localhost"


@pytest.fixture(params=["directories", "fake"])
def ingress(request: pytest.FixtureRequest, tmp_path: Path) -> Ingress:
    return ServingDirectories(tmp_path / "ingress") if request.param == "directories" else RecordingIngress()


@pytest.fixture
def public(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    folder.mkdir(mode=0o755)
    (folder / "index.html").touch(mode=0o644)
    return folder


def test_it_is_an_ingress(ingress: Ingress) -> None:
    assert isinstance(ingress, Ingress)


def test_at_first_no_host_leads_anywhere(ingress: Ingress) -> None:
    assert ingress.target(HOST) is None
    assert ingress.targets() == {}
    assert ingress.sweep() == 0


def test_a_host_leads_where_it_was_pointed(ingress: Ingress, public: Path) -> None:
    for target in (Target("r1", public), Target("r2", None, "127.0.0.1:20000"), Target("r3", None, GATE),
                   Target("r4", public, "172.30.0.5:3000"), Target("r4", public, "172.30.0.5:3000", once=True),
                   Target("r5")):
        ingress.point(HOST, target)

        assert ingress.target(HOST) == target


def test_hosts_do_not_disturb_each_other(ingress: Ingress) -> None:
    first, second = Target("r1", None, "127.0.0.1:20000"), Target("r1", None, GATE)
    ingress.point(HOST, first)
    ingress.point(LAB, second)

    assert ingress.targets() == {HOST: first, LAB: second}


def test_the_same_target_twice_changes_nothing(ingress: Ingress) -> None:
    target = Target("r1", None, GATE)
    ingress.point(HOST, target)
    ingress.point(HOST, target)

    assert ingress.target(HOST) == target
    assert ingress.sweep() == 0


def test_an_instance_that_came_back_elsewhere_is_another_target(ingress: Ingress) -> None:
    ingress.point(HOST, Target("r1", None, "127.0.0.1:20000"))
    ingress.point(HOST, Target("r1", None, "127.0.0.1:20001"))

    assert ingress.target(HOST) == Target("r1", None, "127.0.0.1:20001")
    assert ingress.sweep() == 1


def test_a_host_can_lead_back_to_an_earlier_target(ingress: Ingress) -> None:
    first, second = Target("r1", None, "127.0.0.1:20000"), Target("r2", None, "127.0.0.1:20001")
    for target in (first, second, first):
        ingress.point(HOST, target)

    assert ingress.target(HOST) == first


def test_a_removed_host_leads_nowhere(ingress: Ingress) -> None:
    ingress.point(HOST, Target("r1", None, GATE))
    ingress.remove(HOST)
    ingress.remove(HOST)

    assert ingress.target(HOST) is None
    assert ingress.targets() == {}


def test_a_sweep_takes_what_is_left_over_and_nothing_else(ingress: Ingress) -> None:
    live = Target("r2", None, GATE)
    ingress.point(HOST, Target("r1", None, GATE))
    ingress.point(HOST, live)
    ingress.point(LAB, Target("r1", None, GATE))
    ingress.remove(LAB)

    assert ingress.sweep() == 2
    assert ingress.sweep() == 0
    assert ingress.targets() == {HOST: live}


@pytest.mark.parametrize("host", [
    "", ".", "..", "../x", "a/b", "Blog.dialup.localhost", "blog.dialup.localhost.", "blog..localhost", "-a.localhost",
    "a-.localhost", "blog.dialup.localhost:8080", "*.localhost", "a b", "b\u00fccher.localhost", "a" * 64, "blog\n",
    ".fresh-x", "a.b" * 99])
def test_what_is_no_host_is_refused(ingress: Ingress, host: str) -> None:
    with pytest.raises(BadInput):
        ingress.point(host, Target("r1", None, GATE))
    with pytest.raises(BadInput):
        ingress.target(host)
    with pytest.raises(BadInput):
        ingress.remove(host)
    assert ingress.targets() == {}


@pytest.mark.parametrize("address", [
    "", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:080", "0.0.0.0:80",
    "127.1:80", "127.0.0.1:80/x", "../x:80", "::1:80", "[::1]:80 ", "[fe80::1%eth0]:80", "169.254.169.254:80",
    "[::]:80", "224.0.0.1:80", "unix//run/hub.sock", "127.0.0.1:80\n", "GATE", "0x7f.0.0.1:80", "2130706433:80",
    "[0:0:0:0:0:0:0:1]:80"])
def test_what_is_no_address_is_refused_and_what_was_live_stays(ingress: Ingress, address: str) -> None:
    before = Target("r1", None, GATE)
    ingress.point(HOST, before)

    with pytest.raises(BadInput):
        ingress.point(HOST, Target("r2", None, address))

    assert ingress.target(HOST) == before


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a~b", ".fresh-x", "a b", "a\n", "a" * 101])
def test_what_cannot_name_a_target_is_refused(ingress: Ingress, name: str) -> None:
    with pytest.raises(BadInput):
        ingress.point(HOST, Target(name, None, GATE))
    assert ingress.target(HOST) is None


def test_a_folder_that_is_not_there_or_not_plain_is_refused(ingress: Ingress, public: Path) -> None:
    (public / "link").symlink_to("/etc/passwd")

    for folder in (public, public / "nowhere", public / "index.html", Path("relative"), public / ".." / "public"):
        with pytest.raises(BadInput):
            ingress.point(HOST, Target("r1", folder))
    assert ingress.target(HOST) is None


def test_the_fake_can_be_told_to_fail_once_and_remembers_what_visitors_saw() -> None:
    fake, target = RecordingIngress(), Target("r1", None, GATE)
    fake.fail_next(OSError("disk"))
    with pytest.raises(OSError, match="disk"):
        fake.point(HOST, target)
    fake.point(HOST, target)
    fake.point(HOST, target)
    fake.remove(HOST)

    assert fake.changes == [(HOST, target), (HOST, None)]
