/** Deploying: a tab per site that can be closed and found again, since the run lives in the model. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, ReactWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { DeployView } from '../components/DeployView';
import { dialupIcon } from '../icons';
import { CommandIDs, DEPLOY_TAB, IDeployRun, ISitesModel } from '../tokens';
import { saveOpen, watchSaves } from '../unsaved';
import { aboutSite, closeRemoved, siteOf, soon, telling } from './context';

export const deployPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:deploy',
  description: 'Deploys a site and shows how it goes.',
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
    const describedBy = aboutSite(trans);
    const { commands, shell } = app;
    watchSaves(shell);
    const tracker = new WidgetTracker<MainAreaWidget<RunContent>>({ namespace: 'dialup-deploy' });
    closeRemoved(app.restored, model, tracker, tab => tab.content.site);

    const newTab = (run: IDeployRun) => {
      const { site } = run;
      const view = () =>
        React.createElement(DeployView, {
          run: model.runOf(site) ?? run,
          address: model.site(site)?.address ?? '',
          trans,
          again: () => void commands.execute(CommandIDs.deploy, { site }),
          rollback: () => void commands.execute(CommandIDs.rollback, { site })
        });
      const tab = new MainAreaWidget({ content: new RunContent(site, model, view) });
      tab.id = DEPLOY_TAB + site;
      tab.title.label = trans.__('Deploy: %1', site);
      tab.title.icon = dialupIcon;
      tab.title.closable = true;
      return tab;
    };
    const show = (run: IDeployRun) => {
      let tab = tracker.find(tab => tab.content.site === run.site);
      if (!tab) {
        tab = newTab(run);
        shell.add(tab, 'main', { type: 'Deployment' });
        void tracker.add(tab);
      }
      tab.content.update();
      shell.activateById(tab.id);
    };

    commands.addCommand(CommandIDs.deploy, {
      label: trans.__('Deploy'),
      caption: trans.__('Put your folder on the public address'),
      isEnabled: args => siteOf(model, args) !== undefined,
      describedBy,
      execute: async args => {
        const site = siteOf(model, args);
        const path = typeof args.path === 'string' ? args.path : undefined;
        const saved = site && (await telling(() => saveOpen(shell, path ?? site.name)));
        if (site && saved) {
          show(model.deploy(site.name, path, saved));
        }
      }
    });
    commands.addCommand(CommandIDs.showDeployment, {
      label: trans.__('Show Last Deployment'),
      isVisible: args => Boolean(siteOf(model, args)?.deployment),
      isEnabled: args => !model.loaded || Boolean(siteOf(model, args)?.deployment ?? model.runOf(String(args.site))),
      describedBy,
      execute: async args => {
        await soon(model.ready);
        const site = siteOf(model, args);
        const run = site?.deployment ? model.follow(site.deployment) : site && model.runOf(site.name);
        if (run) {
          show(run);
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.showDeployment,
      args: tab => ({ site: tab.content.site }),
      name: tab => tab.content.site
    });
    for (const command of [CommandIDs.deploy, CommandIDs.showDeployment]) {
      palette?.addItem({ command, category: trans.__('Sites') });
    }
  }
};

class RunContent extends ReactWidget {
  constructor(
    readonly site: string,
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
