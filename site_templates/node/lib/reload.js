// While developing: notice changed files, so that open pages can show them.
import { watch as watchFolder } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Call `changed` with the address of every file that changes in `folder`, once per save. */
export function watch(folder, changed) {
  const waiting = new Map();
  const watched = new Set();

  // One watcher per folder: editors save by renaming, which a watcher of the file itself would miss.
  async function follow(directory) {
    if (watched.has(directory)) return;
    watched.add(directory);
    watchFolder(directory, (_event, name) => name && !name.startsWith(".") && notice(join(directory, name)))
      .on("error", () => watched.delete(directory));
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory()) await follow(join(directory, entry.name));
    }
  }

  function notice(path) {
    clearTimeout(waiting.get(path));
    waiting.set(path, setTimeout(async () => {
      waiting.delete(path);
      const isFolder = await readdir(path).then(() => true, () => false);
      if (isFolder) await follow(path);
      changed(relative(folder, path).split(sep).join("/"));
    }, 40));
  }

  return follow(folder);
}
