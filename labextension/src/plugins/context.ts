/** What commands about one site share: which site is meant, and how a refusal is told. */
import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { problemOf } from '../api';
import { ISite, ISitesModel } from '../tokens';

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
