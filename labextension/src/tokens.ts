/** The words of the wire and of the plugins: types, ids and tokens. Nothing here does anything. */
import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';

export type SiteStatus = 'new' | 'active' | 'stopped' | 'sleeping' | 'building' | 'failed' | 'editing';
export type Step = 'upload' | 'build' | 'start' | 'check' | 'live';
export type DeploymentStatus =
  | 'queued'
  | 'building'
  | 'starting'
  | 'checking'
  | 'switching'
  | 'live'
  | 'superseded'
  | 'failed'
  | 'cancelled';

export const STEPS: readonly Step[] = ['upload', 'build', 'start', 'check', 'live'];

export interface IFailure {
  code: string;
  message: string;
  hint: string;
  step?: Step | null;
  log_tail?: string[];
}

export interface IReleaseMark {
  id: string;
  number: number;
}

export interface IDeployment {
  id: string;
  site: string;
  release: IReleaseMark;
  status: DeploymentStatus;
  step: Step;
  action: 'deploy' | 'rollback';
  created_at: string;
  changed_at: string;
  created_by: string;
  duration_seconds: number | null;
  live_at: string | null;
  still_live: number | null;
  /** Of a rollback: the release that was live before it. */
  came_from: number | null;
  failure: IFailure | null;
}

export interface IPreview {
  site: string;
  state: 'stopped' | 'starting' | 'running' | 'failed';
  url: string | null;
  message?: string | null;
  log_tail?: string[];
}

export interface ISite {
  id: string;
  name: string;
  owner: string;
  kind: string;
  status: SiteStatus;
  address: string;
  preview_address: string;
  template: string | null;
  live_release: IReleaseMark | null;
  last_deployed: string | null;
  last_deployed_by: string | null;
  created_at: string;
  error_message: string | null;
  storage_bytes: number;
  memory_mb: number | null;
  runs: boolean;
  sleep_after: number | null;
  halted: string | null;
  volume: boolean;
  deployment: IDeployment | null;
  preview: { state: IPreview['state']; url: string | null } | null;
}

export interface IRelease {
  id: string;
  number: number;
  kind: string;
  /** Why it was taken for that kind, in a sentence. */
  why?: string;
  file_count: number;
  size_bytes: number;
  created_at: string;
  created_by: string;
}

/** What a site's program is told when it starts. The value of a secret never comes back. */
export interface IVariable {
  name: string;
  value: string | null;
  secret: boolean;
  changed_at: string;
}

export interface IEnvironment {
  variables: IVariable[];
  /** True while the program runs with older values. */
  needs_restart: boolean;
}

/** A link by which somebody without an account may see the preview until it expires. */
export interface IPreviewLink {
  id: string;
  created_at?: string;
  expires_at: string;
}

/** A link just made; its address is told this once. */
export interface INewPreviewLink extends IPreviewLink {
  url: string;
}

/** What may be changed of a site that is not in its files. */
export interface ISiteChange {
  sleep_after?: number | null;
  volume?: boolean;
}

export interface ITemplate {
  name: string;
  title: string;
  description: string;
  kind: string;
  picture: string | null;
}

export interface IUse {
  used: number;
  limit: number | null;
}

export interface IMe {
  account: { id: string; name: string; role: 'user' | 'admin'; can_create_sites: boolean };
  quota: { sites: IUse; memory_mb: IUse; storage_mb: IUse };
  domain: string;
  portal: string;
}

export interface INameCheck {
  name: string;
  ok: boolean;
  address: string | null;
  message: string | null;
  hint: string | null;
}

export interface IUploadProgress {
  sent: number;
  total: number;
  files: number;
}

/** What went wrong, in words for the person: what happened, and what to do. */
export interface IProblem {
  code: string;
  message: string;
  hint: string;
}

/** How one deployment goes, from the first file to the public address. Outlives the tab that shows it. */
export interface IDeployRun {
  readonly site: string;
  readonly changed: ISignal<IDeployRun, void>;
  /** The files of open tabs that were saved before anything was sent. */
  readonly saved: readonly string[];
  readonly upload: IUploadProgress | null;
  readonly deployment: IDeployment | null;
  readonly lines: readonly string[];
  readonly problem: IProblem | null;
  /** True when nothing more will happen. */
  readonly finished: boolean;
  cancel(): Promise<void>;
}

/** The account's sites as last told by the server. No DOM here; widgets listen to `changed`. */
export interface ISitesModel {
  readonly changed: ISignal<ISitesModel, void>;
  readonly previewChanged: ISignal<ISitesModel, IPreview>;
  readonly deploymentChanged: ISignal<ISitesModel, IDeployment>;
  readonly loaded: boolean;
  /** Resolved when the server first answered, well or badly. */
  readonly ready: Promise<void>;
  readonly me: IMe | null;
  readonly sites: readonly ISite[];
  readonly problem: IProblem | null;
  /** Since when the server has not been heard, if the line to it is cut; else null. */
  readonly staleSince: Date | null;
  /** The name of the site the person works on. */
  selected: string | null;
  site(name: string): ISite | undefined;
  refresh(): Promise<void>;
  runOf(site: string): IDeployRun | undefined;
  deploy(site: string, path?: string, saved?: readonly string[]): IDeployRun;
  follow(deployment: IDeployment): IDeployRun;
}

export const ISitesModel = new Token<ISitesModel>(
  '@dialup/labextension:ISitesModel',
  'The sites of the account, kept up to date by the server.'
);

export namespace CommandIDs {
  export const newSite = 'dialup:new-site';
  export const openFolder = 'dialup:open-folder';
  export const preview = 'dialup:preview';
  export const stopPreview = 'dialup:stop-preview';
  export const deploy = 'dialup:deploy';
  export const deployFolder = 'dialup:deploy-folder';
  export const showDeployment = 'dialup:show-deployment';
  export const visit = 'dialup:visit';
  export const start = 'dialup:start';
  export const stop = 'dialup:stop';
  export const restart = 'dialup:restart';
  export const wake = 'dialup:wake';
  export const sitePage = 'dialup:site-page';
  export const rollback = 'dialup:roll-back';
  export const chooseRelease = 'dialup:choose-release';
  export const logs = 'dialup:logs';
  export const remove = 'dialup:remove';
  export const showPanel = 'dialup:show-panel';
  export const refresh = 'dialup:refresh';
  export const dashboard = 'dialup:dashboard';
}

export const PANEL_ID = 'dialup-panel';
/** The id of a deployment's tab, before the name of its site. */
export const DEPLOY_TAB = 'dialup-deploy-';
