/** What commands about one site share: which site is meant, and how a refusal is told. */
import { Notification, WidgetTracker } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { problemOf } from '../api';
import { ISite, ISitesModel } from '../tokens';

const PATIENCE_MS = 3000;

/** The JSON schema of a command about one site. */
export function aboutSite(trans: TranslationBundle): { args: ReadonlyJSONObject } {
  return {
    args: {
      type: 'object',
      properties: {
        site: {
          type: 'string',
          description: trans.__('The name of the site; without it, the selected one.')
        }
      }
    }
  };
}

/** The site a command is about: the one named, else the selected one. */
export function siteOf(model: ISitesModel, args: ReadonlyPartialJSONObject): ISite | undefined {
  const name = typeof args.site === 'string' ? args.site : model.selected;
  return name ? model.site(name) : undefined;
}

/**
 * Close the tabs about sites that are no more: removed here, elsewhere, or before a reload. Not before
 * `restored`: a layout that is being restored would keep an empty tab for what is gone.
 */
export function closeRemoved<T extends Widget>(
  restored: Promise<void>,
  model: ISitesModel,
  tabs: WidgetTracker<T>,
  nameOf: (tab: T) => string
): void {
  const look = () => {
    if (model.loaded && !model.problem) {
      tabs.filter(tab => !model.site(nameOf(tab))).forEach(tab => tab.dispose());
    }
  };
  void restored.then(() => {
    look();
    model.changed.connect(look);
  });
}

/** Wait for `promise`, but not for ever: a lab opens even when its hub does not answer. */
export function soon(promise: Promise<void>): Promise<void> {
  return Promise.race([promise, new Promise<void>(resolve => window.setTimeout(resolve, PATIENCE_MS))]);
}

/** Do `work`; a refusal is told in a notification with its hint, and undefined returned. */
export async function telling<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const { message, hint } = problemOf(error);
    Notification.error([message, hint].filter(Boolean).join(' '), { autoClose: 10_000 });
    return undefined;
  }
}
