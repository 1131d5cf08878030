// Runs the steps of a container one after another and becomes the last; given with `node -e`.
// process.execve (Node 22.15) leaves no wrapper behind, an older Node waits.
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn, spawnSync } = require('child_process');

const steps = JSON.parse(process.argv[1]);
for (const folder of process.argv.slice(2)) process.chdir(folder);
const last = steps.pop();

function say(text) {
  fs.writeSync(2, `dialup: ${text}\n`);
}

function fail(program, error) {
  const missing = error.code === 'ENOENT';
  say(`“${program}” ${missing ? 'was not found' : `cannot be run: ${error.code}`}.`);
  process.exit(missing ? 127 : 126);
}

function find(program) {
  if (program.includes('/')) return path.resolve(program);
  const places = (process.env.PATH ?? '').split(':').map(folder => path.join(folder, program));
  return places.find(place => fs.existsSync(place)) ?? fail(program, { code: 'ENOENT' });
}

steps.forEach((step, index) => {
  const done = spawnSync(step[0], step.slice(1), { stdio: 'inherit' });
  if (done.error) fail(step[0], done.error);
  const code = done.signal ? 128 + os.constants.signals[done.signal] : done.status;
  if (!code) return;
  say(`step ${index + 1} of ${steps.length + 1} ended with ${code}, so the rest was not started.`);
  process.exit(code);
});
// What the owner tells the last step, and it alone: in no request to the engine, in no list of processes.
const given = process.env.SECRETS_DIR;
if (given) Object.assign(process.env, JSON.parse(fs.readFileSync(path.join(given, '.variables.json'), 'utf8')).variables);
if (process.execve) process.execve(find(last[0]), last, process.env);
const child = spawn(last[0], last.slice(1), { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', error => fail(last[0], error));
child.on('exit', (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
