/** “Deploy this folder as a site…” in the file browser's menu. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { InputDialog, showDialog, Dialog } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DialupApi } from '../api';
import { dialupIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';
import { askNewSite } from '../widgets/dialogs';
import { telling } from './context';

const NEW = '+';

export const filebrowserPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:filebrowser',
  description: 'Deploys a folder from the file browser.',
  autoStart: true,
  requires: [ISitesModel, IFileBrowserFactory],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ISitesModel,
    browsers: IFileBrowserFactory,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('dialup');
    const api = new DialupApi(app.serviceManager.serverSettings);
    const selectedFolder = () => {
      const items = Array.from(browsers.tracker.currentWidget?.selectedItems() ?? []);
      return items.length === 1 && items[0].type === 'directory' ? items[0].path : null;
    };
    const chooseSite = async (folder: string): Promise<string | null> => {
      const create = trans.__('%1 A new site', NEW);
      const names = model.sites.map(site => site.name);
      const proposal = folder.split('/').pop() ?? '';
      const items = [...names, create];
      const answer = await InputDialog.getItem({
        title: trans.__('Deploy “%1” as', folder),
        items,
        current: names.includes(proposal) ? names.indexOf(proposal) : items.length - 1,
        okLabel: trans.__('Deploy')
      });
      if (!answer.button.accept || !answer.value) {
        return null;
      }
      if (answer.value !== create) {
        return answer.value;
      }
      const site = await askNewSite(api, model.me?.domain ?? '', await api.templates(), proposal, trans);
      await model.refresh();
      return site?.name ?? null;
    };

    app.commands.addCommand(CommandIDs.deployFolder, {
      label: trans.__('Deploy This Folder as a Site…'),
      icon: dialupIcon,
      isVisible: () => model.loaded && selectedFolder() !== null,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            path: { type: 'string', description: trans.__('The folder; without it, the selected one.') }
          }
        }
      },
      execute: async args => {
        const path = typeof args.path === 'string' ? args.path : selectedFolder();
        if (!path) {
          await showDialog({ title: trans.__('Choose one folder first.'), buttons: [Dialog.okButton()] });
          return;
        }
        const site = await telling(() => chooseSite(path));
        if (site) {
          await app.commands.execute(CommandIDs.deploy, { site, path });
        }
      }
    });
    app.contextMenu.addItem({
      command: CommandIDs.deployFolder,
      selector: '.jp-DirListing-item[data-isdir="true"]',
      rank: 60
    });
  }
};
