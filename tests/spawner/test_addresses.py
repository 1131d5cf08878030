"""Ports are given round the range; one just freed is the last to come again."""

from __future__ import annotations

import socket

import pytest

from dialup_ext.errors import Unavailable
from dialup_ext.spawner.addresses import Addresses

FIRST, LAST = 19500, 19509


def test_each_port_comes_once_before_one_comes_again(tmp_path):
    addresses = Addresses(tmp_path / "next", FIRST, LAST)
    round_one = [addresses.choose(()) for _ in range(10)]
    assert len(set(round_one)) == 10
    assert [addresses.choose(()) for _ in range(10)] == round_one


def test_the_round_goes_on_after_a_restart(tmp_path):
    one = Addresses(tmp_path / "next", FIRST, LAST).choose(())
    assert Addresses(tmp_path / "next", FIRST, LAST).choose(()) != one


def test_two_homes_begin_apart(tmp_path):
    starts = {Addresses(tmp_path / f"{n}" / "next", 20000, 29999)._place(10000) for n in range(10)}
    assert len(starts) == 10


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_port_somebody_listens_on_is_passed_over(tmp_path, host):
    addresses = Addresses(tmp_path / "next", FIRST, LAST)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable) as refusal:
            Addresses(tmp_path / "one", port, port).choose(())
    assert refusal.value.code == "no_free_port"
    assert refusal.value.hint
    assert addresses.choose(())


def test_an_address_given_out_is_not_given_twice(tmp_path):
    addresses = Addresses(tmp_path / "next", FIRST, LAST)
    taken = {f"127.0.0.1:{port}" for port in range(FIRST, LAST)}
    assert addresses.choose(taken) == f"127.0.0.1:{LAST}"
