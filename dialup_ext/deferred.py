"""Put off what is slow to import and hardly ever used.

`jsonschema` imports `rfc3987_syntax`, which compiles a grammar: about a second and 16 MiB in every
process that imports jupyter_server, for the sake of one string format (`iri`) nobody asks for.
Must run before anything of Jupyter is imported.
"""

from __future__ import annotations

import importlib
import sys
import types

NAME = "rfc3987_syntax"


def defer_slow_imports() -> None:
    """Stand in for the grammar until its first use, then load the real one. Twice is harmless."""
    if NAME in sys.modules:
        return
    stub = types.ModuleType(NAME)

    def is_valid_syntax(term: str, value: str) -> bool:
        if sys.modules.get(NAME) is stub:
            del sys.modules[NAME]
        return bool(importlib.import_module(NAME).is_valid_syntax(term, value))

    vars(stub)["is_valid_syntax"] = is_valid_syntax
    sys.modules[NAME] = stub
