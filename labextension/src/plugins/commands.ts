/** The commands that change a site without needing a tab of their own. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { openTab } from '../address';
import { DialupApi } from '../api';
import { dialupIcon } from '../icons';
import { CommandIDs, ISite, ISitesModel } from '../tokens';
import { askNewSite, askRelease, askRemove } from '../widgets/dialogs';
import { ensureWorkspace, firstFile } from '../workspaces';
import { aboutSite, siteOf, soon, telling } from './context';

/** In the lab's address: the site to open. */
const ASKED = 'site';

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:commands',
  description: 'Commands to create, start, stop, roll back and remove sites.',
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
    const commands = new SiteCommands(app, model, trans);
    commands.addCreating();
    commands.addRunning();
    commands.addGoingBack();
    commands.addRemoving();
    void commands.openAsked();
    for (const command of [CommandIDs.newSite, CommandIDs.rollback, CommandIDs.chooseRelease, CommandIDs.refresh]) {
      palette?.addItem({ command, category: trans.__('Sites'), args: { isPalette: true } });
    }
  }
};

class SiteCommands {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly model: ISitesModel,
    private readonly trans: TranslationBundle
  ) {
    this.api = new DialupApi(app.serviceManager.serverSettings);
  }

  addCreating(): void {
    const { trans, model } = this;
    this.app.commands.addCommand(CommandIDs.newSite, {
      label: trans.__('New Site…'),
      caption: trans.__('Create a site from a template'),
      icon: args => (args.isPalette ? undefined : dialupIcon),
      isEnabled: () => model.me?.account.can_create_sites ?? false,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => telling(() => this.create())
    });
    this.add(CommandIDs.openFolder, trans.__('Open Folder'), () => true, site => this.openFolder(site));
    this.app.commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh Sites'),
      icon: refreshIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => model.refresh()
    });
  }

  addRunning(): void {
    const { trans, api } = this;
    const runs = (site: ISite) => site.live_release !== null && site.status !== 'stopped' && !site.halted;
    const stopped = (site: ISite) => site.status === 'stopped' || Boolean(site.halted);
    const asleep = (site: ISite) => site.status === 'sleeping';
    this.add(CommandIDs.visit, trans.__('Visit Site'), runs, async site => openTab(site.address));
    this.add(CommandIDs.start, trans.__('Start'), stopped, site => api.act(site.name, 'start'));
    this.add(CommandIDs.stop, trans.__('Stop'), runs, site => api.act(site.name, 'stop'));
    this.add(CommandIDs.wake, trans.__('Wake'), asleep, site => api.act(site.name, 'wake'));
    this.add(CommandIDs.restart, trans.__('Restart'), site => runs(site) && site.runs && !asleep(site), site =>
      api.act(site.name, 'restart')
    );
  }

  addGoingBack(): void {
    const { trans, api } = this;
    const hasBefore = (site: ISite) => (site.live_release?.number ?? 0) > 1;
    this.add(CommandIDs.rollback, trans.__('Roll Back to the Release Before'), hasBefore, (site, args) =>
      this.rollback(site, Number(args.release) || undefined)
    );
    this.add(CommandIDs.chooseRelease, trans.__('Roll Back…'), hasBefore, async site => {
      const release = await askRelease(site, await api.releases(site.name), trans);
      if (release !== null) {
        await this.rollback(site, release);
      }
    });
  }

  addRemoving(): void {
    const { trans, api, model } = this;
    this.add(CommandIDs.remove, trans.__('Remove…'), () => true, async site => {
      if (await askRemove(site, trans)) {
        await api.removeSite(site.name);
        await model.refresh();
      }
    });
  }

  /** A command about one site: hidden where it makes no sense, its refusals told. */
  private add(
    id: string,
    label: string,
    fits: (site: ISite) => boolean,
    work: (site: ISite, args: ReadonlyPartialJSONObject) => Promise<unknown>
  ): void {
    const fitting: CommandRegistry.CommandFunc<boolean> = args => {
      const site = siteOf(this.model, args);
      return site !== undefined && fits(site);
    };
    this.app.commands.addCommand(id, {
      label,
      isEnabled: fitting,
      isVisible: fitting,
      describedBy: aboutSite(this.trans),
      execute: async args => {
        const site = siteOf(this.model, args);
        await (site && telling(() => work(site, args)));
      }
    });
  }

  /** Create, unpack, open the first file, and the preview beside it. */
  private async create(): Promise<void> {
    const templates = await this.api.templates();
    const site = await askNewSite(this.api, this.model.me?.domain ?? '', templates, '', this.trans);
    if (!site) {
      return;
    }
    const { path } = await this.api.createWorkspace(site.name, site.template);
    await this.model.refresh();
    this.model.selected = site.name;
    const { commands, serviceManager } = this.app;
    await commands.execute('filebrowser:open-path', { path, dontShowBrowser: true });
    const kind = templates.find(template => template.name === site.template)?.kind ?? site.kind;
    const file = await firstFile(serviceManager.contents, path, kind);
    if (file) {
      // pages and programs as text, a notebook as a notebook
      await commands.execute('docmanager:open', file.endsWith('.ipynb') ? { path: file } : { path: file, factory: 'Editor' });
    }
    await commands.execute(CommandIDs.preview, { site: site.name });
  }

  /** The portal's *Edit* leads here with the site's name: show its folder, made if there is none. */
  async openAsked(): Promise<void> {
    const site = new URLSearchParams(window.location.search).get(ASKED);
    if (site) {
      await this.app.restored;
      await soon(this.model.ready);
      await this.app.commands.execute(CommandIDs.openFolder, { site });
    }
  }

  private async openFolder(site: ISite): Promise<void> {
    this.model.selected = site.name;
    const path = await ensureWorkspace(this.api, site);
    await this.app.commands.execute('filebrowser:open-path', { path });
  }

  private async rollback(site: ISite, release?: number): Promise<void> {
    this.model.follow(await this.api.rollback(site.name, release));
    await this.app.commands.execute(CommandIDs.showDeployment, { site: site.name });
  }

  private readonly api: DialupApi;
}
