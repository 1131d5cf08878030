/** Previews: a tab per site, beside the editor, with widths to try. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, refreshIcon, ToolbarButton, Toolbar } from '@jupyterlab/ui-components';
import { DialupApi } from '../api';
import { Device } from '../components/PreviewView';
import { fullIcon, openIcon, phoneIcon, previewIcon, tabletIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';
import { PreviewContent } from '../widgets/PreviewContent';
import { ensureWorkspace } from '../workspaces';
import { aboutSite, siteOf, telling } from './context';

type PreviewTab = MainAreaWidget<PreviewContent>;

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
    const tracker = new WidgetTracker<PreviewTab>({ namespace: 'dialup-preview' });
    const describedBy = aboutSite(trans);

    const open = (name: string) => {
      const found = tracker.find(tab => tab.content.site === name);
      const tab = found ?? newTab(name, new PreviewContent(name, api, model, trans), trans);
      if (!found) {
        app.shell.add(tab, 'main', { mode: app.shell.currentWidget ? 'split-right' : 'tab-after', type: 'Preview' });
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

function newTab(site: string, content: PreviewContent, trans: TranslationBundle): PreviewTab {
  const tab = new MainAreaWidget({ content });
  tab.id = `dialup-preview-${site}`;
  tab.title.label = trans.__('Preview: %1', site);
  tab.title.icon = previewIcon;
  tab.title.closable = true;
  const button = (icon: LabIcon, tooltip: string, onClick: () => void) =>
    new ToolbarButton({ icon, tooltip, onClick });
  const widths: [Device, LabIcon, string][] = [
    ['full', fullIcon, trans.__('Full width')],
    ['tablet', tabletIcon, trans.__('As wide as a tablet')],
    ['phone', phoneIcon, trans.__('As wide as a phone')]
  ];
  tab.toolbar.addItem('reload', button(refreshIcon, trans.__('Load again'), () => void content.reload()));
  tab.toolbar.addItem('spacer', Toolbar.createSpacerItem());
  const buttons = widths.map(([device, icon, tooltip]) => {
    const item = button(icon, tooltip, () => {
      content.device = device;
      buttons.forEach((other, i) => (other.pressed = widths[i][0] === device));
    });
    item.pressed = device === 'full';
    tab.toolbar.addItem(device, item);
    return item;
  });
  tab.toolbar.addItem('open', button(openIcon, trans.__('Open in a browser tab'), () => void content.openInTab()));
  return tab;
}
