"""Sites that take all they can get: processes, memory, disk, log, processor, open files; and a build that does all of it.

Each is a Node program that behaves until somebody asks for `/go`, so that it goes live first. With
`at_once` it never behaves: that is a deployment that has to fail, and to say why.
"""

from __future__ import annotations

from pathlib import Path

_HEAD = """import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import { spawn } from 'node:child_process'
import { Worker } from 'node:worker_threads'
"""

_SERVER = """
http.createServer((request, response) => {
  response.end('at your service')
  if (request.url === '/go') setTimeout(attack, 10)
}).listen(process.env.PORT, process.env.HOST)
"""

ATTACKS = {
    "forks": """
function attack() {
  const bomb = () => spawn('sh', ['-c', 'bomb() { bomb | bomb & }; bomb'], { stdio: 'inherit' })
    .on('exit', bomb).on('error', () => setTimeout(bomb, 100))
  bomb()
}""",
    "memory": """
const hold = []
function attack() {
  for (let n = 0; n < 64; n++) hold.push(Buffer.alloc(1 << 20, 1))
  setTimeout(attack, 5)
}""",
    "disk": """
let room = true
function attack() {
  for (const folder of [os.tmpdir(), '/dev/shm', '.', '/data', '/var/tmp', os.homedir()]) {
    for (let n = 0; n < 1 << 16; n++) {
      try { fs.writeFileSync(`${folder}/filler-${n}`, Buffer.alloc(1 << 20, 1)) }
      catch (error) { console.error(String(error)); break }
    }
  }
  setTimeout(attack, 20)
}""",
    "log": """
const line = 'all work and no play makes this a very long log indeed '.repeat(20) + '\\n'
function attack() {
  try { for (let n = 0; n < 2000; n++) fs.writeSync(1, line) } catch (error) {}
  setTimeout(attack, 0)
}""",
    "spin": """
function attack() {
  for (let n = 0; n < 4; n++) new Worker('for (;;) {}', { eval: true })
  setInterval(() => { for (const end = Date.now() + 900; Date.now() < end;); }, 1000)
}""",
    "files": """
const open = []
function attack() {
  try { for (;;) open.push(fs.openSync('/dev/null')) } catch (error) { console.error(String(error)) }
  try { for (let n = 0; ; n++) fs.closeSync(fs.openSync(`${os.tmpdir()}/small-${n}`, 'w')) } catch (error) {}
  setTimeout(attack, 100)
}""",
}
"""By name: a function `attack` that goes on as long as it is let."""

BUILD = """const { spawn } = require('node:child_process')
const fs = require('node:fs')
const { Worker } = require('node:worker_threads')
const line = 'building, building, building '.repeat(40) + '\\n'
if (ALL) setTimeout(() => spawn('sh', ['-c', 'bomb() { bomb | bomb & }; bomb'], { stdio: 'inherit' }).on('error', () => {}), 1000)
for (let n = 0; ALL && n < 4; n++) new Worker('for (;;) {}', { eval: true }).on('error', () => {})
const hold = []
let n = 0
setInterval(() => {
  try { for (let m = 0; ALL && m < 200; m++) fs.writeSync(1, line) } catch (error) {}
  try { fs.writeFileSync(`big-${n++}`, Buffer.alloc(8 << 20, 1)) } catch (error) { console.log(String(error)) }
  try { fs.writeFileSync(`/tmp/big-${n}`, Buffer.alloc(8 << 20, 1)) } catch (error) {}
  if (ALL) hold.push(Buffer.alloc(16 << 20, 1))
}, 10)
"""
"""Everything at once; without ALL nothing else ends it before its disk does."""


def site(folder: Path, attack: str, *, at_once: bool = False) -> Path:
    """A site in `folder` that does `attack` when it is asked for `/go`, or instead of answering."""
    end = "\nattack()\n" if at_once else _SERVER
    return _write(folder, {"package.json": '{"name":"t","type":"module","scripts":{"start":"node server.js"}}',
                           "server.js": f"{_HEAD}{ATTACKS[attack]}{end}"})


def good(folder: Path, words: str) -> Path:
    """A site that answers `words`, and nothing else."""
    return _write(folder, {"package.json": '{"name":"t","type":"module","scripts":{"start":"node server.js"}}',
                           "server.js": f"import http from 'node:http'\nhttp.createServer((q, a) => a.end('{words}'))"
                                        ".listen(process.env.PORT, process.env.HOST)\n"})


def building(folder: Path, *, everything: bool = True) -> Path:
    """A project whose build does all of it at once, or fills its disk only."""
    return _write(folder, {"dialup.toml": 'kind = "static"\nbuild = ["node", "build.cjs"]\noutput = "dist"\n',
                           "package.json": '{"name":"t","private":true}', "index.html": "<h1>never</h1>",
                           "build.cjs": BUILD.replace("ALL", str(everything).lower())})


def _write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder
