"""Starting dialup twice: the second start says why not, and takes nothing from the first."""

from __future__ import annotations

from dialup_ext.testing.installation import Installation


def test_a_second_start_on_the_same_home_refuses_and_leaves_the_first_reachable(tmp_path) -> None:
    first = Installation(tmp_path / "home").start()
    try:
        second = Installation(first.home, port=first.port)
        second.output = tmp_path / "second.out"
        assert second.run("up", "--no-browser").wait(60) == 1

        assert "already runs" in second.printed()
        assert first.get("admin", "/dialup/api/v1/health").status == 200
    finally:
        first.stop()
