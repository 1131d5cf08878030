/** Tabs with changes nobody has saved: what is deployed is what is on the disk, so they are saved first. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { PromiseDelegate } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { Refusal } from './api';

/** What a document's tab shows; any editor of JupyterLab has it. */
interface IDocument {
  path: string;
  localPath?: string;
  model: { dirty: boolean; readOnly: boolean };
  saveState: ISignal<unknown, string>;
  save(): Promise<void>;
}

const PATIENCE_MS = 10_000;
const underWay = new WeakMap<IDocument, PromiseDelegate<void>>();
const watched = new WeakSet<IDocument>();

/** Know of saves under way: a second one beside them would be taken for a change from outside. */
export function watchSaves(shell: JupyterFrontEnd.IShell): void {
  shell.currentChanged?.connect((_, { newValue }) => watch(newValue));
  watch(shell.currentWidget);
}

function watch(widget: Widget | null): void {
  const document = documentOf(widget);
  if (!document || watched.has(document)) {
    return;
  }
  watched.add(document);
  document.saveState.connect((_, state) => {
    if (state === 'started') {
      underWay.set(document, new PromiseDelegate<void>());
    } else {
      underWay.get(document)?.resolve();
      underWay.delete(document);
    }
  });
}

/** Not for ever: a save that waits for an answer to JupyterLab's own question never says that it ended. */
function settled(document: IDocument): Promise<void> {
  const later = new Promise<void>(resolve => window.setTimeout(resolve, PATIENCE_MS));
  return Promise.race([underWay.get(document)?.promise ?? Promise.resolve(), later]);
}

/**
 * Save what is open, changed and inside `folder`; the paths inside it, in the order of the alphabet.
 * Throws a `Refusal` that names the file when one cannot be saved: then nothing may be sent.
 */
export async function saveOpen(shell: JupyterFrontEnd.IShell, folder: string): Promise<string[]> {
  const saved: string[] = [];
  for (const document of new Set(documentsIn(shell))) {
    const path = inside(folder, document);
    if (path === null || !document.model.dirty || document.model.readOnly) {
      continue;
    }
    await settled(document);
    if (document.model.dirty) {
      await save(document, path);
    }
    saved.push(path);
  }
  return saved.sort();
}

function* documentsIn(shell: JupyterFrontEnd.IShell): Generator<IDocument> {
  for (const area of ['main', 'down', 'left', 'right']) {
    for (const widget of shell.widgets(area)) {
      const document = documentOf(widget);
      if (document) {
        yield document;
      }
    }
  }
}

function documentOf(widget: Widget | null): IDocument | null {
  const context = (widget as (Widget & { context?: IDocument }) | null)?.context;
  return context?.model && typeof context.save === 'function' ? context : null;
}

async function save(document: IDocument, path: string): Promise<void> {
  try {
    await document.save();
  } catch {
    throw new Refusal(`${path} could not be saved, so nothing was deployed.`, 'Save it, then deploy again.', 'not_saved', 0);
  }
  if (document.model.dirty) {
    throw new Refusal(`${path} was not saved, so nothing was deployed.`, 'Save it, then deploy again.', 'not_saved', 0);
  }
}

/** The document's path inside `folder`, or null when it lies elsewhere. */
function inside(folder: string, document: IDocument): string | null {
  const relative = PathExt.relative(folder, document.localPath ?? document.path);
  return relative && relative !== '..' && !relative.startsWith('../') ? relative : null;
}
