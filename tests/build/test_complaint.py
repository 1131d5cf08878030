"""What build tools print, word for word, and what a friend is told: the file, the line, one thing to try."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.build.complaint import plain
from dialup_ext.build.failure import explain_build

FOLDER = Path("/srv/store/a1/staging/d1")

VITE_SYNTAX = """error during build:
Build failed with 1 error:

\x1b[31m[builtin:vite-transform] \x1b[0mExpected corresponding JSX closing tag for 'h1'.
   \x1b[38;5;246m╭\x1b[0m\x1b[38;5;246m─\x1b[0m\x1b[38;5;246m[\x1b[0m src/main.jsx:2:63 \x1b[38;5;246m]\x1b[0m
   │
 2 │ createRoot(document.getElementById('root')).render(<h1>hello</h2>)
    at aggregateBindingErrorsIntoJsError (file:///srv/store/a1/layers/x/node_modules/rolldown/dist/error.mjs:50:18)
"""
VITE_IMPORT = """[UNRESOLVED_IMPORT] Could not resolve './nowhere.js' in src/main.jsx
   ╭─[ src/main.jsx:1:8 ]
"""
VITE_PACKAGE = """Error: [vite]: Rolldown failed to resolve import "left-pad" from "/srv/store/a1/staging/d1/src/main.jsx".
This is most likely unintended because it can break your application at runtime.
"""
VITE_CONFIG = """failed to load config from /srv/store/a1/staging/d1/vite.config.js
error during build:
ReferenceError: react is not defined
    at ModuleJob.run (node:internal/modules/esm/module_job:345:25)
"""
VITE_CONFIG_PACKAGE = """failed to load config from /srv/store/a1/staging/d1/vite.config.js
error during build:
Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@vitejs/plugin-vue' imported from """ + (
    "/srv/store/a1/staging/d1/node_modules/.vite-temp/vite.config.js.timestamp-1-4218.mjs\n")
CSS = """[plugin vite:css] /srv/store/a1/staging/d1/src/a.css:1:0
CssSyntaxError: [postcss] /srv/store/a1/staging/d1/src/a.css:1:1: Unclosed block
"""
NEXT_IMPORT = """> Build error occurred
Error: Turbopack build failed with 1 error:
./app/page.js:1:1
Error: Module not found: Can't resolve './nowhere'
\x1b[31m\x1b[1m>\x1b[0m \x1b[90m1 |\x1b[0m import x from './nowhere';
"""
NEXT_SYNTAX = """> Build error occurred
Error: Turbopack build failed with 1 error:
./app/page.js:2:9
Error: Unexpected token `=`. Expected yield, an identifier, [ or {
Parsing ecmascript source code failed
"""
NEXT_TYPE = """Failed to type check.

./app/page.tsx:3:7
Type error: Type 'string' is not assignable to type 'number'.
"""
NEXT_RENDER = """Error occurred prerendering page "/dishes". Read more: https://nextjs.org/docs/messages/prerender-error
Error: kaputt
    at <unknown> (app/dishes/page.js:1:37)
Export encountered an error on /dishes/page: /dishes, exiting the build.
"""
NEXT_ROOT = """> Build error occurred
Error: Turbopack build failed with 1 error:
./app
Error: Could not find the Next.js package (next/package.json)
"""
NO_ENTRY = "[UNRESOLVED_ENTRY] Cannot resolve entry module index.html.\n"
TSC = """src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.
src/a.ts(3,15): error TS2307: Cannot find module './zip' or its corresponding type declarations.
"""
ASTRO_SYNTAX = """19:59:08 [ERROR] [vite] ✗ Build failed in 1.03s
[CompilerError] Unexpected token
  Location:
    /srv/store/a1/staging/d1/src/pages/index.astro:2:10
  Stack trace:
    at handleCompileResultErrors (file:///srv/store/a1/layers/x/node_modules/astro/dist/compile.js:73:11)
"""
ASTRO_RENDER = """19:59:13 [ERROR] [build] Caught error rendering /notes/: ReferenceError: x is not defined
x is not defined
  Stack trace:
    at file:///srv/store/a1/staging/d1/dist/.prerender/chunks/index_t5WW-8PJ.mjs:51:58
"""
ASTRO_SCHEMA = """[InvalidContentEntryDataError] notes → a data does not match collection schema.

  title**: **title: Expected type `"string"`, received `"number"`

  Hint:
    See the documentation for more information on content schemas.
  Error reference:
    https://docs.astro.build/en/reference/errors/invalid-content-entry-data-error/
  Location:
    /srv/store/a1/staging/d1/src/content/notes/a.md:0:0
  Stack trace:
"""
ASTRO_YAML = """19:59:37 [content] Syncing content
unexpected end of the stream within a flow collection
  Location:
    /srv/store/a1/staging/d1/src/content/notes/a.md:2:0
"""
ASTRO_CONFIG = """[astro] Unable to load your Astro config

nope is not defined
  Location:
    /srv/store/a1/layers/x/node_modules/vite/dist/node/module-runner.js:807:163
"""
ASTRO_CONFIG_PLACE = """[astro] Unable to load your Astro config

Failed to parse source for import analysis because the content contains invalid JS syntax.
  Location:
    /srv/store/a1/staging/d1/astro.config.mjs:1:0
"""
ESBUILD = """✘ [ERROR] Expected ";" but found "x"

    src/app.ts:4:9:
      4 │ const a x
"""
ELEVENTY = """[11ty] Problem writing Eleventy templates:
[11ty] 1. Having trouble rendering liquid template ./bad.liquid (via TemplateContentRenderError)
[11ty] 3. invalid value expression: "", file:./bad.liquid, line:1, col:6 (via TokenizationError)
"""


@pytest.mark.parametrize(("printed", "code", "words"), [
    (VITE_SYNTAX, "syntax_error", ["src/main.jsx, line 2", "closing tag for 'h1'"]),
    (VITE_IMPORT, "file_not_found", ["src/main.jsx", "./nowhere.js"]),
    (VITE_PACKAGE, "dependency_missing", ["src/main.jsx", "“left-pad”", "npm install left-pad"]),
    (VITE_CONFIG, "bad_config", ["vite.config.js", "react is not defined"]),
    (VITE_CONFIG_PACKAGE, "dependency_missing", ["“@vitejs/plugin-vue”"]),
    (CSS, "syntax_error", ["src/a.css, line 1", "Unclosed block"]),
    (NO_ENTRY, "file_not_found", ["index.html"]),
    (NEXT_IMPORT, "file_not_found", ["app/page.js", "./nowhere"]),
    (NEXT_SYNTAX, "syntax_error", ["app/page.js, line 2", "Unexpected token"]),
    (NEXT_TYPE, "type_error", ["app/page.tsx, line 3", "not assignable"]),
    (NEXT_RENDER, "page_failed", ["The page /dishes", "kaputt"]),
    (NEXT_ROOT, "bad_config", ["turbopack.root"]),
    (TSC, "type_error", ["src/a.ts, line 1", "not assignable"]),
    (ASTRO_SYNTAX, "syntax_error", ["src/pages/index.astro, line 2", "Unexpected token"]),
    (ASTRO_RENDER, "page_failed", ["/notes/", "x is not defined"]),
    (ASTRO_SCHEMA, "syntax_error", ["src/content/notes/a.md", "does not match", "title"]),
    (ASTRO_YAML, "syntax_error", ["src/content/notes/a.md, line 2", "flow collection"]),
    (ASTRO_CONFIG, "bad_config", ["astro.config", "nope is not defined"]),
    (ASTRO_CONFIG_PLACE, "bad_config", ["astro.config.mjs, line 1"]),
    (ESBUILD, "syntax_error", ["src/app.ts, line 4", 'Expected ";"']),
    (ELEVENTY, "syntax_error", ["bad.liquid, line 1", "invalid value expression"]),
    ("sh: 1: tsc: not found\n", "tool_missing", ["“tsc”"]),
    ("dialup: “node_modules/.bin/astro” was not found.\n", "tool_missing", ["“astro”"]),
    ("Error: connect ECONNREFUSED 10.0.0.1:443\n", "no_answer", ["10.0.0.1:443"]),
    ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n", "out_of_memory",
     ["build_memory_mb"]),
    ("Error: ENOSPC: no space left on device, write\n", "no_space", ["admin"]),
    ("Error: on purpose\n", "build_failed", ["on purpose"]),
])
def test_a_complaint_is_understood(printed, code, words):
    lines = plain(printed).splitlines()
    failure = explain_build(lines, 1, "", "astro", FOLDER, 600)
    assert failure.code == code
    for word in words:
        assert word in f"{failure.message} {failure.hint}"
    assert "/srv/" not in failure.message + failure.hint + "\n".join(failure.log_tail)
    assert failure.hint


def test_what_says_nothing_is_said_to_have_failed_with_its_code():
    failure = explain_build(["thinking"], 3, "", "vite", FOLDER, 600)
    assert (failure.code, failure.log_tail) == ("build_failed", ("thinking",))
    assert "code 3" in failure.message


@pytest.mark.parametrize(("reason", "exit_code", "code"), [
    ("deadline", 137, "timeout"), ("memory", 137, "out_of_memory"), ("", 137, "out_of_memory"),
    ("", 134, "out_of_memory"), ("", None, "build_failed")])
def test_how_it_ended_counts_too(reason, exit_code, code):
    assert explain_build([], exit_code, reason, "vite", FOLDER, 600).code == code


def test_forty_lines_are_shown_without_the_frames_of_tools():
    lines = [f"line {n}" for n in range(60)] + ["    at build (file:///x/node_modules/vite/dist/cli.js:1:1)"]
    assert explain_build(lines, 1, "", "vite", FOLDER, 600).log_tail == tuple(f"line {n}" for n in range(20, 60))
