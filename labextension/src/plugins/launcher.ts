/** Cards in the launcher. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIDs, ISitesModel } from '../tokens';

export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:launcher',
  description: 'Adds New site and the dashboards to the launcher.',
  autoStart: true,
  requires: [ISitesModel, ILauncher],
  optional: [ITranslator],
  activate: (_: JupyterFrontEnd, model: ISitesModel, launcher: ILauncher, translator: ITranslator | null): void => {
    const category = (translator ?? nullTranslator).load('dialup').__('Sites');
    launcher.add({ command: CommandIDs.newSite, category, rank: 1 });
    launcher.add({ command: CommandIDs.dashboard, args: { name: 'resources' }, category, rank: 2 });
    const addForAdmin = () => {
      if (model.me?.account.role === 'admin') {
        model.changed.disconnect(addForAdmin);
        launcher.add({ command: CommandIDs.dashboard, args: { name: 'overview' }, category, rank: 3 });
      }
    };
    model.changed.connect(addForAdmin);
    addForAdmin();
  }
};
