/** A page per site, in the main area: what it has, and everything that can be done with it. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DialupApi } from '../api';
import { dialupIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';
import { SitePageContent } from '../widgets/SitePageContent';
import { aboutSite, closeRemoved, siteOf, soon } from './context';

export const sitePagePlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:site-page',
  description: 'Shows one site: deployments, variables and secrets, sleep, data, links to its preview.',
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
    const tracker = new WidgetTracker<MainAreaWidget<SitePageContent>>({ namespace: 'dialup-site-page' });
    closeRemoved(app.restored, model, tracker, tab => tab.content.site);

    const show = (name: string) => {
      let tab = tracker.find(tab => tab.content.site === name);
      if (!tab) {
        tab = new MainAreaWidget({ content: new SitePageContent(name, api, model, app.commands, trans) });
        tab.toolbar.hide();
        tab.id = `dialup-page-${name}`;
        tab.title.label = trans.__('Site: %1', name);
        tab.title.icon = dialupIcon;
        tab.title.closable = true;
        app.shell.add(tab, 'main', { type: 'Site' });
        void tracker.add(tab);
      }
      app.shell.activateById(tab.id);
    };

    app.commands.addCommand(CommandIDs.sitePage, {
      label: trans.__('Site Page'),
      caption: trans.__('Deployments, variables and secrets, sleep, data, links to the preview'),
      isEnabled: args => !model.loaded || siteOf(model, args) !== undefined,
      describedBy: aboutSite(trans),
      execute: async args => {
        await soon(model.ready);
        const site = siteOf(model, args);
        if (site) {
          show(site.name);
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.sitePage,
      args: tab => ({ site: tab.content.site }),
      name: tab => tab.content.site
    });
    palette?.addItem({ command: CommandIDs.sitePage, category: trans.__('Sites') });
  }
};
