"""Runs the steps of a container one after another and becomes the last; given with `python3 -c`."""

import json
import os
import sys


def main() -> None:
    """Every step but the last must exit 0; its code is ours otherwise, 128 + n after signal n."""
    steps = json.loads(sys.argv[1])
    for folder in sys.argv[2:]:
        os.chdir(folder)
    for number, step in enumerate(steps, start=1):
        try:
            if number == len(steps):
                take_variables()
                os.execvp(step[0], step)  # noqa: S606 - the point of this program
            child = os.posix_spawnp(step[0], step, os.environ)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            say(f"“{step[0]}” {'was not found' if missing else f'cannot be run: {error.strerror}'}.")
            sys.exit(127 if missing else 126)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            code = code if code > 0 else 128 - code
            say(f"step {number} of {len(steps)} ended with {code}, so the rest was not started.")
            sys.exit(code)


def take_variables() -> None:
    """Put what the owner tells the last step, and it alone, into its environment."""
    given = os.environ.get("SECRETS_DIR")
    if given:
        with open(os.path.join(given, ".variables.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123 - starts faster
            os.environ.update(json.load(file)["variables"])


def say(text: str) -> None:
    """A line of our own in the log."""
    os.write(2, f"dialup: {text}\n".encode())


main()
