// The last step of a Node preview: become the development server that package.json names, on the
// address we were given. Vite and Astro read no PORT, Next reads no HOST: they are told in words.
// Run with `node -e`; process.execve (Node 22.15) leaves no wrapper behind, an older Node waits.
const fs = require('fs');
const { spawn } = require('child_process');

const { PORT, HOST } = process.env;
const ADDRESS = [
  [/^(npx )?astro( dev)?\b/, `--host ${HOST} --port ${PORT} --ignore-lock`],
  [/^(npx )?(vite|nuxi?|react-router|ng serve)\b/, `--host ${HOST} --port ${PORT}`],
  [/^(npx )?next dev\b/, `--hostname ${HOST} --port ${PORT}`],
  [/^(npx )?(@11ty\/)?eleventy\b/, `--port ${PORT}`],
];

const scripts = JSON.parse(fs.readFileSync('package.json', 'utf8')).scripts ?? {};
let script = scripts.dev ?? scripts.start;
if (!script) {
  console.error('dialup: package.json has neither a “dev” nor a “start” script. Add one, for example "dev": "vite".');
  process.exit(1);
}
if (scripts.predev) {
  script = 'npm run dev';
} else if (!/[|&;<>()$`\\"'\n]/.test(script)) {
  const extra = ADDRESS.find(([tool]) => tool.test(script))?.[1];
  script = `exec ${script.replace(/^npx /, '')} ${extra ?? ''}`.trim();
}
const env = { ...process.env, PATH: `${process.cwd()}/node_modules/.bin:${process.env.PATH}` };
if (process.execve) process.execve('/bin/sh', ['sh', '-c', script], env);
const child = spawn('/bin/sh', ['-c', script], { env, stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
