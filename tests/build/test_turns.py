"""Builds take turns: so many at once, and nobody twice while another one waits."""

from __future__ import annotations

import threading

import pytest

from dialup_ext.build.turns import Turns
from dialup_ext.domain.deployment import StepCancelled
from dialup_ext.errors import TooMany
from dialup_ext.testing.installation import wait_until


class Queue:
    """People who want a turn, each in a thread of its own, in the order they came."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, account: str) -> None:
        waiting = threading.Event()

        def build() -> None:
            with self.turns.taken(account, lambda _: waiting.set(), lambda: False):
                self.order.append(account)

        thread = threading.Thread(target=build, daemon=True)
        self.threads.append(thread)
        thread.start()
        assert waiting.wait(10)

    def finish(self) -> list[str]:
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()
        return self.order


def test_a_free_turn_is_taken_without_a_word():
    said: list[str] = []
    with Turns(1).taken("ana", said.append, lambda: False):
        pass
    assert said == []


def test_nobody_comes_twice_while_another_one_waits():
    queue = Queue(Turns(1))
    with queue.turns.taken("ana", lambda _: None, lambda: False):
        for account in ("ana", "ana", "ben", "eva", "ben"):
            queue.join(account)
    assert queue.finish() == ["ben", "eva", "ana", "ben", "ana"]


def test_two_turns_are_two():
    turns = Turns(2)
    with (turns.taken("ana", lambda _: None, lambda: False), turns.taken("ana", lambda _: None, lambda: False),
          pytest.raises(StepCancelled), turns.taken("ben", lambda _: None, lambda: True)):
        pass


def test_who_gives_up_waiting_holds_up_nobody():
    queue = Queue(Turns(1))
    gone = threading.Event()
    left: list[bool] = []

    def give_up() -> None:
        try:
            with queue.turns.taken("ben", lambda _: None, gone.is_set):
                pass
        except StepCancelled:
            left.append(True)

    with queue.turns.taken("ana", lambda _: None, lambda: False):
        thread = threading.Thread(target=give_up, daemon=True)
        thread.start()
        queue.join("eva")
        gone.set()
        wait_until(lambda: left)
    assert queue.finish() == ["eva"]


def test_a_build_that_fails_gives_its_turn_back():
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"), turns.taken("ana", lambda _: None, lambda: False):
        raise ValueError("broken")
    with turns.taken("ben", lambda _: None, lambda: False):
        pass


def test_nobody_builds_more_at_once_than_they_may_and_the_rest_go_past():
    turns = Turns(3, {"ana": 1, "ben": 2}.__getitem__)
    queue = Queue(turns)
    with turns.taken("ana", lambda _: None, lambda: False):
        queue.join("ana")
        with turns.taken("ben", lambda _: None, lambda: False):
            assert (turns.building("ana"), turns.building("ben"), queue.order) == (1, 1, [])
    assert queue.finish() == ["ana"]


def test_who_has_no_room_for_a_build_is_told_and_holds_up_nobody():
    def admit(account: str) -> None:
        if account == "ana":
            raise TooMany("This needs 1 MiB and you have 0 bytes left of 1 MiB.", code="storage_full")

    turns = Turns(1, admit=admit)
    with pytest.raises(TooMany), turns.taken("ana", lambda _: None, lambda: False):
        raise AssertionError("it was let in")
    with turns.taken("ben", lambda _: None, lambda: False):
        pass
