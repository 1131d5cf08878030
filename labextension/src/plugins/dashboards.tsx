/** The dashboards, in tabs of the lab. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { DialupApi } from '../api';
import { chartIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';

const ADMIN_ONLY = ['overview'];

export const dashboardsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:dashboards',
  description: 'Opens the dashboards.',
  autoStart: true,
  requires: [ISitesModel],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: ISitesModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('dialup');
    const api = new DialupApi(app.serviceManager.serverSettings);
    const titles: Record<string, string> = {
      resources: trans.__('My Resources'),
      overview: trans.__('Server Overview')
    };
    const isAllowed = (name: unknown) =>
      typeof name === 'string' &&
      name in titles &&
      (!ADMIN_ONLY.includes(name) || model.me?.account.role === 'admin');

    app.commands.addCommand(CommandIDs.dashboard, {
      label: args => titles[String(args.name)] ?? trans.__('Dashboard'),
      caption: trans.__('Numbers and charts, refreshed while you look'),
      icon: args => (args.isPalette ? undefined : chartIcon),
      isVisible: args => isAllowed(args.name),
      isEnabled: args => isAllowed(args.name),
      describedBy: {
        args: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string', enum: Object.keys(titles) } }
        }
      },
      execute: args => {
        const name = String(args.name);
        const id = `dialup-dashboard-${name}`;
        if (!Array.from(app.shell.widgets('main')).some(widget => widget.id === id)) {
          const tab = new MainAreaWidget({ content: new DashboardContent(api.dashboardUrl(name), titles[name]) });
          tab.id = id;
          tab.title.label = titles[name];
          tab.title.icon = chartIcon;
          tab.title.closable = true;
          app.shell.add(tab, 'main', { type: 'Dashboard' });
        }
        app.shell.activateById(id);
      }
    });
    for (const name of Object.keys(titles)) {
      palette?.addItem({
        command: CommandIDs.dashboard,
        category: trans.__('Sites'),
        args: { name, isPalette: true }
      });
    }
  }
};

/** A frame of the lab's own origin: it is our page, and its kernel needs the person's login. */
class DashboardContent extends ReactWidget {
  constructor(
    private readonly url: string,
    private readonly name: string
  ) {
    super();
    this.addClass('dialup-Dashboard');
  }

  protected render(): JSX.Element {
    return <iframe src={this.url} title={this.name} />;
  }
}
