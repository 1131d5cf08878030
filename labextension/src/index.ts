/** The plugins, each of which may be disabled or replaced on its own. */
import { commandsPlugin } from './plugins/commands';
import { dashboardsPlugin } from './plugins/dashboards';
import { deployPlugin } from './plugins/deploy';
import { filebrowserPlugin } from './plugins/filebrowser';
import { launcherPlugin } from './plugins/launcher';
import { modelPlugin } from './plugins/model';
import { notificationsPlugin } from './plugins/notifications';
import { previewPlugin } from './plugins/preview';
import { sidebarPlugin } from './plugins/sidebar';
import { statusbarPlugin } from './plugins/statusbar';

export { ISitesModel } from './tokens';

export default [
  modelPlugin,
  commandsPlugin,
  deployPlugin,
  previewPlugin,
  dashboardsPlugin,
  sidebarPlugin,
  launcherPlugin,
  statusbarPlugin,
  notificationsPlugin,
  filebrowserPlugin
];
