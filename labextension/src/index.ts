/** The plugins, each of which may be disabled or replaced on its own. */
import { commandsPlugin } from './plugins/commands';
import { dashboardsPlugin } from './plugins/dashboards';
import { deployPlugin } from './plugins/deploy';
import { filebrowserPlugin } from './plugins/filebrowser';
import { launcherPlugin } from './plugins/launcher';
import { logsPlugin } from './plugins/logs';
import { modelPlugin } from './plugins/model';
import { notificationsPlugin } from './plugins/notifications';
import { previewPlugin } from './plugins/preview';
import { runningPlugin } from './plugins/running';
import { sidebarPlugin } from './plugins/sidebar';
import { sitePagePlugin } from './plugins/sitepage';
import { statusbarPlugin } from './plugins/statusbar';

export { ISitesModel } from './tokens';

export default [
  modelPlugin,
  commandsPlugin,
  deployPlugin,
  logsPlugin,
  sitePagePlugin,
  previewPlugin,
  runningPlugin,
  dashboardsPlugin,
  sidebarPlugin,
  launcherPlugin,
  statusbarPlugin,
  notificationsPlugin,
  filebrowserPlugin
];
