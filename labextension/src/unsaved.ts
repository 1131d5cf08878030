/** Tabs with changes nobody has saved: what is deployed is what is on the disk, so they are saved first. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { Widget } from '@lumino/widgets';
import { Refusal } from './api';

/** What a document's tab shows; any editor of JupyterLab has it. */
interface IDocument {
  path: string;
  localPath?: string;
  model: { dirty: boolean; readOnly: boolean };
  save(): Promise<void>;
}

/**
 * Save what is open, changed and inside `folder`; the paths inside it, in the order of the alphabet.
 * Throws a `Refusal` that names the file when one cannot be saved: then nothing may be sent.
 */
export async function saveOpen(shell: JupyterFrontEnd.IShell, folder: string): Promise<string[]> {
  const saved: string[] = [];
  for (const document of new Set(documentsIn(shell))) {
    const path = inside(folder, document);
    if (path !== null && document.model.dirty && !document.model.readOnly) {
      await save(document, path);
      saved.push(path);
    }
  }
  return saved.sort();
}

function* documentsIn(shell: JupyterFrontEnd.IShell): Generator<IDocument> {
  for (const area of ['main', 'down', 'left', 'right']) {
    for (const widget of shell.widgets(area)) {
      const { context } = widget as Widget & { context?: IDocument };
      if (context?.model && typeof context.save === 'function') {
        yield context;
      }
    }
  }
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
