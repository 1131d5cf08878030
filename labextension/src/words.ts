/** How things are said to people: states, kinds, times and sizes. In Python: `domain/wording.py`; a test compares. */
import { TranslationBundle } from '@jupyterlab/translation';
import { isFinal } from './run';
import { DeploymentStatus, IDeployment, ISite, SiteStatus, Step } from './tokens';

export type Tone = 'good' | 'busy' | 'bad' | 'quiet';
export type NextStep = 'preview' | 'deploy' | 'start' | 'wake' | 'watch' | 'explain' | 'halted';

/** The dot's colour and the word beside it. */
export function stateOf(site: ISite, trans: TranslationBundle): { tone: Tone; word: string } {
  const words: Record<SiteStatus, { tone: Tone; word: string }> = {
    new: { tone: 'quiet', word: trans.__('Not deployed yet') },
    active: { tone: 'good', word: trans.__('Live') },
    editing: { tone: 'good', word: trans.__('Live, editing') },
    building: { tone: 'busy', word: trans.__('Deploying') },
    failed: { tone: 'bad', word: trans.__('Failed') },
    stopped: { tone: 'quiet', word: trans.__('Stopped') },
    sleeping: { tone: 'quiet', word: trans.__('Asleep') }
  };
  if (site.deployment && !isFinal(site.deployment)) {
    return words.building; // the news of the deployment come before those of its site
  }
  if (site.status === 'editing' && !site.live_release) {
    return { tone: 'busy', word: trans.__('Editing') };
  }
  return words[site.status] ?? words.new;
}

/** The next sensible step, which the row's one button offers. */
export function nextStep(site: ISite, isDeploying: boolean): NextStep {
  if (isDeploying || (site.deployment && !isFinal(site.deployment))) {
    return 'watch';
  }
  if (site.halted) {
    return 'halted'; // visitors find it down, which is worse than a deployment that failed
  }
  if (site.deployment?.status === 'failed') {
    return 'explain';
  }
  if (site.preview?.state === 'running' || site.preview?.state === 'starting') {
    return 'deploy';
  }
  if (site.status === 'sleeping') {
    return 'wake';
  }
  return site.status === 'stopped' ? 'start' : 'preview';
}

export function statusWord(status: DeploymentStatus, trans: TranslationBundle): string {
  const words: Record<DeploymentStatus, string> = {
    queued: trans.__('Waiting'),
    building: trans.__('Building'),
    starting: trans.__('Starting'),
    checking: trans.__('Checking'),
    switching: trans.__('Going live'),
    live: trans.__('Live'),
    superseded: trans.__('Replaced'),
    failed: trans.__('Failed'),
    cancelled: trans.__('Cancelled')
  };
  return words[status];
}

export function stepWord(step: Step, trans: TranslationBundle): string {
  const words: Record<Step, string> = {
    upload: trans.__('Upload'),
    build: trans.__('Build'),
    start: trans.__('Start'),
    check: trans.__('Check'),
    live: trans.__('Live')
  };
  return words[step];
}

export function kindWord(kind: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    static: trans.__('Static'),
    nodejs: trans.__('Node'),
    astro: trans.__('Astro'),
    vite: trans.__('Vite'),
    next: trans.__('Next'),
    python: trans.__('Python'),
    notebook: trans.__('Notebook')
  };
  return words[kind] ?? kind;
}

/** “2 min ago by you”. */
export function lastDeploy(site: ISite, me: string | undefined, trans: TranslationBundle): string {
  if (!site.last_deployed) {
    return '';
  }
  const when = ago(new Date(site.last_deployed), trans);
  if (!site.last_deployed_by) {
    return when;
  }
  const who = site.last_deployed_by === me ? trans.__('you') : site.last_deployed_by;
  return trans.__('%1 by %2', when, who);
}

export function ago(then: Date, trans: TranslationBundle): string {
  const seconds = Math.max(0, (Date.now() - then.getTime()) / 1000);
  if (seconds < 45) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.max(1, Math.round(seconds / 60)));
  }
  if (seconds < 86_400) {
    return trans.__('%1 h ago', Math.round(seconds / 3600));
  }
  if (seconds < 86_400 * 30) {
    return trans._n('%1 day ago', '%1 days ago', Math.round(seconds / 86_400));
  }
  return then.toLocaleDateString();
}

/** “in 23 h”; “expired” when it has passed. */
export function until(moment: Date, trans: TranslationBundle): string {
  const seconds = (moment.getTime() - Date.now()) / 1000;
  if (seconds <= 0) {
    return trans.__('expired');
  }
  if (seconds < 5400) {
    return trans.__('in %1 min', Math.max(1, Math.round(seconds / 60)));
  }
  if (seconds < 86_400 * 2) {
    return trans.__('in %1 h', Math.round(seconds / 3600));
  }
  return trans.__('in %1 days', Math.round(seconds / 86_400));
}

export function clock(time: Date): string {
  return time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) {
    bytes /= 1000;
    power += 1;
  }
  return `${bytes >= 10 || power === 0 ? Math.round(bytes) : bytes.toFixed(1)} ${units[power]}`;
}

export function megabytes(mb: number): string {
  return mb >= 1024 ? `${(mb / 1024).toFixed(mb >= 10_240 ? 0 : 1).replace(/\.0$/, '')} GB` : `${Math.round(mb)} MB`;
}

export function seconds(duration: number): string {
  return duration < 10 ? `${duration.toFixed(1)} s` : `${Math.round(duration)} s`;
}

/** “blog: rolled back from release 3 to release 2”. */
export function rolledBack(deployment: IDeployment, trans: TranslationBundle): string {
  const { site, release, came_from } = deployment;
  return came_from === null || came_from === release.number
    ? trans.__('%1: rolled back to release %2', site, release.number)
    : trans.__('%1: rolled back from release %2 to release %3', site, came_from, release.number);
}

/** “Your site still runs release 11.” */
export function stillLive(deployment: IDeployment, trans: TranslationBundle): string {
  return deployment.still_live === null
    ? trans.__('Nothing was live before, so nothing is lost.')
    : trans.__('Your site still runs release %1.', deployment.still_live);
}
