/** Previews: a tab per site, all in the column beside the editor, with widths to try. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DialupApi } from '../api';
import { PreviewColumn } from '../columns';
import { previewIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';
import { PreviewContent } from '../widgets/PreviewContent';
import { previewTab } from '../widgets/previewTab';
import { ensureWorkspace } from '../workspaces';
import { aboutSite, closeRemoved, siteOf, telling } from './context';

export const previewPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:preview',
  description: 'Shows a site while it is edited.',
  autoStart: true,
  requires: [ISitesModel],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: ISitesModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('dialup');
    const api = new DialupApi(app.serviceManager.serverSettings);
    const tracker = new WidgetTracker<MainAreaWidget<PreviewContent>>({ namespace: 'dialup-preview' });
    const column = new PreviewColumn(app, tracker);
    const describedBy = aboutSite(trans);
    closeRemoved(app.restored, model, tracker, tab => tab.content.site);

    const open = (name: string) => {
      const found = tracker.find(tab => tab.content.site === name);
      const tab = found ?? previewTab(new PreviewContent(name, api, model, trans, app.restored), trans);
      if (!found) {
        column.add(tab);
        void tracker.add(tab);
      } else if (model.site(name)?.preview?.state !== 'running') {
        void found.content.start();
      }
      app.shell.activateById(tab.id);
    };

    app.commands.addCommand(CommandIDs.preview, {
      label: trans.__('Preview'),
      caption: trans.__('Show the site as it is in your folder, before anybody else sees it'),
      icon: args => (args.isPalette ? undefined : previewIcon),
      isEnabled: args => typeof args.site === 'string' || siteOf(model, args) !== undefined,
      describedBy,
      execute: async args => {
        const name = typeof args.site === 'string' ? args.site : siteOf(model, args)?.name;
        const site = siteOf(model, args);
        if (site && !tracker.find(tab => tab.content.site === name)) {
          const path = await telling(() => ensureWorkspace(api, site));
          if (path === undefined) {
            return;
          }
        }
        if (name) {
          open(name);
        }
      }
    });
    app.commands.addCommand(CommandIDs.stopPreview, {
      label: trans.__('Stop Preview'),
      isVisible: args => isAwake(model, args),
      isEnabled: args => isAwake(model, args),
      describedBy,
      execute: async args => {
        const site = siteOf(model, args);
        await (site && telling(() => api.stopPreview(site.name)));
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.preview,
      args: tab => ({ site: tab.content.site }),
      name: tab => tab.content.site
    });
    palette?.addItem({ command: CommandIDs.preview, category: trans.__('Sites'), args: { isPalette: true } });
  }
};

function isAwake(model: ISitesModel, args: Parameters<typeof siteOf>[1]): boolean {
  const state = siteOf(model, args)?.preview?.state;
  return state === 'running' || state === 'starting';
}
