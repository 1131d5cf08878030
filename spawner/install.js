// The first step of a Node preview: install the packages when package.json or the lock file is
// newer than the last time. Run with `node -e`, so it needs nothing beside the workspace.
const fs = require('fs');
const { spawnSync } = require('child_process');

const MARK = 'node_modules/.dialup-installed';
const changed = name => (fs.existsSync(name) ? fs.statSync(name).mtimeMs : 0);
const wanted = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json'].map(changed);

if (!wanted[0]) {
  console.error('dialup: there is no package.json here, so this is not a Node site.');
  process.exit(1);
}
if (Math.max(...wanted) > changed(MARK)) {
  console.error('dialup: installing packages…');
  const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
  fs.mkdirSync('node_modules', { recursive: true });
  fs.writeFileSync(MARK, '');
}
