/** What the panel knows: the account, its sites, its deployments. State and signals, no DOM. */
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { DialupApi, problemOf } from './api';
import { EventFeed, INews } from './events';
import { DeployRun, isFinal } from './run';
import { IDeployment, IMe, IPreview, IProblem, ISite, ISitesModel } from './tokens';

const QUOTA_DELAY_MS = 1000;

export class SitesModel implements ISitesModel, IDisposable {
  constructor(private readonly api: DialupApi) {
    this.ready = this.refresh();
    void this.begin();
  }

  readonly ready: Promise<void>;
  readonly changed: ISignal<this, void> = new Signal<this, void>(this);
  readonly previewChanged: ISignal<this, IPreview> = new Signal<this, IPreview>(this);
  readonly deploymentChanged: ISignal<this, IDeployment> = new Signal<this, IDeployment>(this);
  loaded = false;
  me: IMe | null = null;
  sites: readonly ISite[] = [];
  problem: IProblem | null = null;

  get selected(): string | null {
    return this._selected;
  }

  set selected(name: string | null) {
    this._selected = name;
    this.tell();
  }

  get staleSince(): Date | null {
    return this.feed?.cutSince ?? null;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    window.clearTimeout(this.quotaTimer);
    this.feed?.dispose();
    Signal.clearData(this);
  }

  site(name: string): ISite | undefined {
    return this.sites.find(site => site.name === name);
  }

  /** Ask the server for everything. A problem is kept in `problem`, never thrown. */
  async refresh(): Promise<void> {
    try {
      const [me, sites] = await Promise.all([this.api.me(), this.api.sites()]);
      this.me = me;
      this.sites = byName(sites);
      this.problem = null;
      this.loaded = true;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.tell();
  }

  runOf(site: string): DeployRun | undefined {
    return this.runs.get(site);
  }

  /** Deploy the workspace of `site`. While one is under way, that one is returned. */
  deploy(site: string, path?: string, saved: readonly string[] = []): DeployRun {
    const current = this.runs.get(site);
    if (current && !current.finished) {
      return current;
    }
    const run = this.newRun(site, saved);
    void run.start(path);
    return run;
  }

  /** The run of `deployment`: the one already watched, or a new watch on it. */
  follow(deployment: IDeployment): DeployRun {
    const current = this.runs.get(deployment.site);
    if (current && (current.deployment?.id === deployment.id || !current.finished)) {
      return current;
    }
    const run = this.newRun(deployment.site);
    run.follow(deployment);
    return run;
  }

  private async begin(): Promise<void> {
    await this.ready;
    if (this._disposed || this.problem?.code === 'extension_missing') {
      return;
    }
    this.feed = new EventFeed(this.api.eventsUrl());
    this.feed.arrived.connect((_, news) => this.hear(news));
    this.feed.lineChanged.connect(() => this.tell());
  }

  private hear(news: INews): void {
    if (news.type === 'hello') {
      void this.refresh(); // whatever happened while nobody listened
    } else if (news.type === 'site') {
      this.put(news.data);
      this.refreshQuotaSoon();
    } else if (news.type === 'removed') {
      this.sites = this.sites.filter(site => site.name !== news.data.name);
      this.refreshQuotaSoon();
      this.tell();
    } else if (news.type === 'deployment') {
      this.hearDeployment(news.data);
    } else if (news.type === 'preview') {
      this.hearPreview(news.data);
    }
  }

  private hearDeployment(deployment: IDeployment): void {
    const site = this.site(deployment.site);
    const isOlder = site?.deployment && site.deployment.created_at > deployment.created_at;
    if (site && !isOlder) {
      this.put({ ...site, deployment });
    }
    this.runs.get(deployment.site)?.hear(deployment);
    (this.deploymentChanged as Signal<this, IDeployment>).emit(deployment);
    if (isFinal(deployment)) {
      this.refreshQuotaSoon();
    }
  }

  private hearPreview(preview: IPreview): void {
    (this.previewChanged as Signal<this, IPreview>).emit(preview);
    const site = this.site(preview.site);
    if (site) {
      this.put({ ...site, preview: { state: preview.state, url: preview.url } });
    }
  }

  private put(site: ISite): void {
    this.sites = byName([...this.sites.filter(other => other.id !== site.id), site]);
    this.tell();
  }

  private refreshQuotaSoon(): void {
    window.clearTimeout(this.quotaTimer);
    this.quotaTimer = window.setTimeout(() => void this.refresh(), QUOTA_DELAY_MS);
  }

  private newRun(site: string, saved: readonly string[] = []): DeployRun {
    const run = new DeployRun(site, this.api, saved);
    this.runs.set(site, run);
    run.changed.connect(() => this.tell());
    return run;
  }

  private tell(): void {
    (this.changed as Signal<this, void>).emit();
  }

  private readonly runs = new Map<string, DeployRun>();
  private feed: EventFeed | undefined;
  private quotaTimer = 0;
  private _selected: string | null = null;
  private _disposed = false;
}

function byName(sites: readonly ISite[]): ISite[] {
  return [...sites].sort((a, b) => a.name.localeCompare(b.name));
}
