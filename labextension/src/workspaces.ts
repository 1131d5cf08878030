/** The editable folder of a site: where it is, and which of its files to open first. */
import { PathExt } from '@jupyterlab/coreutils';
import { Contents } from '@jupyterlab/services';
import { DialupApi } from './api';
import { ISite } from './tokens';

/** Where a program begins; what a visitor sees comes out of it. */
const PROGRAMS = ['server.js', 'server.mjs', 'server.ts', 'index.js', 'src/server.js', 'app.js'];

/** The same for kinds whose files the others do not have. */
const FIRST_OF: Record<string, readonly string[]> = {
  nodejs: PROGRAMS,
  python: ['app.py', 'main.py', 'wsgi.py', 'asgi.py', 'manage.py'],
  notebook: ['index.ipynb', 'notebook.ipynb', 'app.ipynb']
};

/** The files people change first, by how likely they are what a visitor sees. */
const PAGES = [
  'index.html',
  'public/index.html',
  'src/pages/index.astro',
  'app/page.tsx',
  'app/page.jsx',
  'app/page.js',
  'pages/index.js',
  'src/App.jsx'
];

/** The folder of `site`, unpacked from its template if this lab has none yet. */
export async function ensureWorkspace(api: DialupApi, site: ISite): Promise<string> {
  const known = (await api.workspaces()).find(workspace => workspace.site === site.name);
  return known?.exists ? known.path : (await api.createWorkspace(site.name, site.template)).path;
}

/** The first of the usual first files that is in `folder`, or null. */
export async function firstFile(
  contents: Contents.IManager,
  folder: string,
  kind: string
): Promise<string | null> {
  const listed = new Map<string, Promise<Set<string>>>();
  const namesIn = (path: string) => {
    if (!listed.has(path)) {
      listed.set(path, list(contents, path));
    }
    return listed.get(path)!;
  };
  for (const file of [...(FIRST_OF[kind] ?? []), ...PAGES, ...PROGRAMS, 'README.md']) {
    const path = PathExt.join(folder, file);
    if (await reachable(namesIn, folder, PathExt.dirname(file)) && (await namesIn(PathExt.dirname(path))).has(PathExt.basename(path))) {
      return path;
    }
  }
  return null;
}

/** True when every folder on the way exists; asking for one that does not would be logged as an error. */
async function reachable(
  namesIn: (path: string) => Promise<Set<string>>,
  folder: string,
  inside: string
): Promise<boolean> {
  let at = folder;
  for (const part of inside.split('/').filter(Boolean)) {
    if (!(await namesIn(at)).has(part)) {
      return false;
    }
    at = PathExt.join(at, part);
  }
  return true;
}

async function list(contents: Contents.IManager, path: string): Promise<Set<string>> {
  try {
    const model = await contents.get(path, { content: true });
    return new Set((model.content as Contents.IModel[]).map(entry => entry.name));
  } catch {
    return new Set(); // no such folder: then none of its files either
  }
}
