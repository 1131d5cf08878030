/** Deploying: a tab per site that can be closed and found again, since the run lives in the model. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { DialupApi } from '../api';
import { DeployView } from '../components/DeployView';
import { dialupIcon } from '../icons';
import { CommandIDs, IDeployRun, ISitesModel } from '../tokens';
import { LogContent } from '../widgets/LogContent';
import { aboutSite, siteOf } from './context';

export const deployPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:deploy',
  description: 'Deploys a site and shows how it goes.',
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
    const describedBy = aboutSite(trans);
    const { commands, shell } = app;
    const tabs = new Map<string, MainAreaWidget>();

    const show = (id: string, label: string, content: () => ReactWidget) => {
      let tab = tabs.get(id);
      if (!tab || tab.isDisposed) {
        tab = new MainAreaWidget({ content: content() });
        tab.id = id;
        tab.title.label = label;
        tab.title.icon = dialupIcon;
        tab.title.closable = true;
        tabs.set(id, tab);
        shell.add(tab, 'main', { type: 'Deployment' });
      }
      shell.activateById(id);
    };
    const showRun = (run: IDeployRun) => {
      const id = `dialup-deploy-${run.site}`;
      const view = () =>
        React.createElement(DeployView, {
          run: model.runOf(run.site) ?? run,
          address: model.site(run.site)?.address ?? '',
          trans,
          again: () => void commands.execute(CommandIDs.deploy, { site: run.site }),
          rollback: () => void commands.execute(CommandIDs.rollback, { site: run.site })
        });
      show(id, trans.__('Deploy: %1', run.site), () => new RunContent(model, view));
      tabs.get(id)?.content.update();
    };

    commands.addCommand(CommandIDs.deploy, {
      label: trans.__('Deploy'),
      caption: trans.__('Put your folder on the public address'),
      isEnabled: args => siteOf(model, args) !== undefined,
      describedBy,
      execute: args => {
        const site = siteOf(model, args);
        if (site) {
          showRun(model.deploy(site.name, typeof args.path === 'string' ? args.path : undefined));
        }
      }
    });
    commands.addCommand(CommandIDs.showDeployment, {
      label: trans.__('Show Last Deployment'),
      isVisible: args => Boolean(siteOf(model, args)?.deployment),
      isEnabled: args => Boolean(siteOf(model, args)?.deployment ?? model.runOf(String(args.site))),
      describedBy,
      execute: args => {
        const site = siteOf(model, args);
        const run = site?.deployment ? model.follow(site.deployment) : site && model.runOf(site.name);
        if (run) {
          showRun(run);
        }
      }
    });
    commands.addCommand(CommandIDs.logs, {
      label: trans.__('Logs'),
      isVisible: args => siteOf(model, args)?.live_release != null,
      isEnabled: args => siteOf(model, args)?.live_release != null,
      describedBy,
      execute: args => {
        const site = siteOf(model, args);
        if (site) {
          const label = trans.__('Logs: %1', site.name);
          show(`dialup-logs-${site.name}`, label, () => new LogContent(site.name, api, trans));
        }
      }
    });
    for (const command of [CommandIDs.deploy, CommandIDs.showDeployment, CommandIDs.logs]) {
      palette?.addItem({ command, category: trans.__('Sites') });
    }
  }
};

class RunContent extends ReactWidget {
  constructor(
    model: ISitesModel,
    private readonly view: () => JSX.Element
  ) {
    super();
    this.addClass('dialup-DeployTab');
    model.changed.connect(() => this.update(), this);
  }

  protected render(): JSX.Element {
    return this.view();
  }
}
