/** Provides the sites to every other plugin. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { DialupApi } from '../api';
import { SitesModel } from '../model';
import { ISitesModel } from '../tokens';

export const modelPlugin: JupyterFrontEndPlugin<ISitesModel> = {
  id: '@dialup/labextension:model',
  description: 'Keeps the list of sites up to date.',
  autoStart: true,
  provides: ISitesModel,
  activate: (app: JupyterFrontEnd): ISitesModel => {
    const model = new SitesModel(new DialupApi(app.serviceManager.serverSettings));
    window.addEventListener('pagehide', event => event.persisted || model.dispose());
    return model;
  }
};
