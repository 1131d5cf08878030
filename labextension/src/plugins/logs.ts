/** The log of a running site, in a tab. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DialupApi } from '../api';
import { dialupIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';
import { LogContent } from '../widgets/LogContent';
import { aboutSite, closeRemoved, siteOf, soon } from './context';

export const logsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:logs',
  description: 'Shows what a running site writes.',
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
    const tracker = new WidgetTracker<MainAreaWidget<LogContent>>({ namespace: 'dialup-logs' });
    closeRemoved(app.restored, model, tracker, tab => tab.content.site);

    const show = (name: string) => {
      let tab = tracker.find(tab => tab.content.site === name);
      if (!tab) {
        tab = new MainAreaWidget({ content: new LogContent(name, api, trans) });
        tab.id = `dialup-logs-${name}`;
        tab.title.label = trans.__('Logs: %1', name);
        tab.title.icon = dialupIcon;
        tab.title.closable = true;
        app.shell.add(tab, 'main', { type: 'Logs' });
        void tracker.add(tab);
      }
      app.shell.activateById(tab.id);
    };
    const runs: (args: Parameters<typeof siteOf>[1]) => boolean = args => siteOf(model, args)?.live_release != null;

    app.commands.addCommand(CommandIDs.logs, {
      label: trans.__('Logs'),
      isVisible: runs,
      isEnabled: args => !model.loaded || runs(args),
      describedBy: aboutSite(trans),
      execute: async args => {
        await soon(model.ready);
        if (runs(args)) {
          show(siteOf(model, args)!.name);
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.logs,
      args: tab => ({ site: tab.content.site }),
      name: tab => tab.content.site
    });
    palette?.addItem({ command: CommandIDs.logs, category: trans.__('Sites') });
  }
};
