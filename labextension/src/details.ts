/** What one site's page shows beyond the list: variables, links, deployments, releases. No DOM. */
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { DialupApi, problemOf } from './api';
import {
  IDeployment,
  IEnvironment,
  INewPreviewLink,
  IPreviewLink,
  IProblem,
  IRelease,
  ISite,
  ISitesModel
} from './tokens';

/** The parts of the page, each of which may fail alone. */
export type Part = 'page' | 'life' | 'environment' | 'sleep' | 'volume' | 'links';

const QUIET_MS = 300;

export class SiteDetails implements IDisposable {
  constructor(
    readonly name: string,
    private readonly api: DialupApi,
    private readonly model: ISitesModel
  ) {
    model.changed.connect(this.compare, this);
    this.known = this.site;
    void this.load();
  }

  readonly changed: ISignal<this, void> = new Signal<this, void>(this);
  loaded = false;
  environment: IEnvironment | null = null;
  links: readonly IPreviewLink[] = [];
  /** The link made last: its address can be copied until the page is closed. */
  made: INewPreviewLink | null = null;
  deployments: readonly IDeployment[] = [];
  releases: readonly IRelease[] = [];
  /** What is being done, so that its button waits. */
  busy: Part | null = null;
  readonly problems = new Map<Part, IProblem>();

  get site(): ISite | undefined {
    return this.model.site(this.name);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    window.clearTimeout(this.timer);
    this.model.changed.disconnect(this.compare, this);
    Signal.clearData(this);
  }

  /** Ask for everything; a part that does not answer keeps what it showed, with the reason. */
  async load(): Promise<void> {
    const { name, api } = this;
    const kept = <T>(part: Part, question: Promise<T>, keep: (answer: T) => void) =>
      question.then(
        answer => {
          keep(answer);
          this.problems.delete(part);
        },
        error => void this.problems.set(part, problemOf(error))
      );
    const history = Promise.all([api.deployments(name), api.releases(name)]);
    await Promise.all([
      kept('page', history, ([deployments, releases]) => Object.assign(this, { deployments, releases })),
      kept('environment', api.environment(name), environment => (this.environment = environment)),
      kept('links', api.previewLinks(name), links => (this.links = links))
    ]);
    this.loaded = true;
    this.tell();
  }

  /** True when it worked, so that a form can be emptied. */
  setVariable = (variable: string, value: string, secret: boolean): Promise<boolean> =>
    this.doing('environment', () => this.api.setVariable(this.name, variable, value, secret));

  removeVariable = (variable: string): Promise<boolean> =>
    this.doing('environment', () => this.api.removeVariable(this.name, variable));

  sleepAfter = (seconds: number | null): Promise<boolean> =>
    this.doing('sleep', () => this.api.change(this.name, { sleep_after: seconds }));

  keepData = (volume: boolean): Promise<boolean> =>
    this.doing('volume', () => this.api.change(this.name, { volume }));

  /** A refusal is shown in `part`, where the button is. */
  act = (verb: 'start' | 'stop' | 'restart' | 'wake', part: Part = 'life'): Promise<boolean> =>
    this.doing(part, () => this.api.act(this.name, verb));

  makeLink = (hours: number): Promise<boolean> =>
    this.doing('links', async () => {
      this.made = await this.api.makePreviewLink(this.name, hours);
    });

  revokeLink = (id: string): Promise<boolean> =>
    this.doing('links', async () => {
      await this.api.revokePreviewLink(this.name, id);
      this.made = this.made?.id === id ? null : this.made;
    });

  private async doing(part: Part, work: () => Promise<unknown>): Promise<boolean> {
    this.busy = part;
    this.problems.delete(part);
    this.tell();
    try {
      await work();
    } catch (error) {
      this.problems.set(part, problemOf(error));
      return false;
    } finally {
      this.busy = null;
      this.tell();
    }
    await Promise.all([this.load(), this.model.refresh()]);
    return true;
  }

  /** The model changes with every line of a log; this page asks again only when its site was told anew. */
  private compare(): void {
    const site = this.site;
    if (site && site !== this.known) {
      this.known = site;
      this.tell();
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.load(), QUIET_MS);
    }
  }

  private tell(): void {
    if (!this._disposed) {
      (this.changed as Signal<this, void>).emit();
    }
  }

  private known: ISite | undefined;
  private timer = 0;
  private _disposed = false;
}
