/** The panel in the left side bar. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIDs, ISitesModel, PANEL_ID } from '../tokens';
import { SitesPanel } from '../widgets/SitesPanel';

const RANK = 250;

export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:sidebar',
  description: 'Shows your sites in the left side bar.',
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
    const panel = new SitesPanel(model, app.commands, trans);
    restorer?.add(panel, PANEL_ID);
    app.shell.add(panel, 'left', { rank: RANK, type: 'Sites' });
    app.commands.addCommand(CommandIDs.showPanel, {
      label: trans.__('Show Sites'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(PANEL_ID)
    });
    palette?.addItem({ command: CommandIDs.showPanel, category: trans.__('Sites') });
  }
};
