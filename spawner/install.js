// The first step of a Node preview: install the packages when package.json or the lock file is
// newer than the last time. Run with `node -e`, so it needs nothing beside the workspace.
const fs = require('fs');
const { spawnSync } = require('child_process');

// The packages that dialup.toml lets run their install scripts, as deploying does; it is checked there.
function allowed() {
  const text = fs.existsSync('dialup.toml') ? fs.readFileSync('dialup.toml', 'utf8') : '';
  const said = /^scripts\s*=\s*(?:(true)|\[([^\]]*)\])/m.exec(text);
  if (!said) return null;
  const names = [...(said[2] ?? '').matchAll(/["']((?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*)["']/g)].map(match => match[1]);
  return said[1] || names.length ? names : null;
}

const MARK = 'node_modules/.dialup-installed';
const changed = name => (fs.existsSync(name) ? fs.statSync(name).mtimeMs : 0);
const wanted = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'dialup.toml'].map(changed);

if (!wanted[0]) {
  console.error('dialup: there is no package.json here, so this is not a Node site.');
  process.exit(1);
}
if (Math.max(...wanted) > changed(MARK)) {
  console.error('dialup: installing packages…');
  const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
  const names = allowed();
  if (names) {
    console.error(`dialup: running the install scripts of ${names.join(' and ') || 'all packages'}, as dialup.toml allows`);
    const ran = spawnSync('npm', ['rebuild', ...names, '--ignore-scripts=false', '--foreground-scripts'], { stdio: 'inherit' });
    if (ran.status !== 0) process.exit(ran.status ?? 1);
  }
  fs.mkdirSync('node_modules', { recursive: true });
  fs.writeFileSync(MARK, '');
}
