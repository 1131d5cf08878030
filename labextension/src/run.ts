/** One deployment as it happens: upload, status, log lines. Lives in the model, not in a tab. */
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { DialupApi, problemOf } from './api';
import { readStream } from './events';
import { IDeployment, IDeployRun, IProblem, IUploadProgress } from './tokens';

const LINES_KEPT = 2000;

export function isFinal(deployment: IDeployment): boolean {
  return ['live', 'superseded', 'failed', 'cancelled'].includes(deployment.status);
}

export class DeployRun implements IDeployRun {
  constructor(
    readonly site: string,
    private readonly api: DialupApi,
    readonly saved: readonly string[] = []
  ) {}

  readonly changed: ISignal<this, void> = new Signal<this, void>(this);
  upload: IUploadProgress | null = null;
  deployment: IDeployment | null = null;
  problem: IProblem | null = null;
  lines: readonly string[] = [];

  get finished(): boolean {
    return this.problem !== null || (this.deployment !== null && isFinal(this.deployment));
  }

  /** Send the workspace (or `path`) and deploy it. Problems end up in `problem`, never thrown. */
  async start(path?: string): Promise<void> {
    try {
      const { job } = await this.api.deploy(this.site, path);
      this.listen(this.api.jobEventsUrl(job), {
        upload: progress => this.set({ upload: progress }),
        deployment: deployment => this.follow(deployment),
        failed: problem => this.fail(problem)
      });
    } catch (error) {
      this.fail(problemOf(error));
    }
  }

  /** Show a deployment the server already works on, or one that is over. */
  follow(deployment: IDeployment): void {
    this.set({ deployment });
    if (isFinal(deployment)) {
      void this.readOldLog(deployment.id);
      return;
    }
    this.listen(this.api.deploymentEventsUrl(deployment.id), {
      status: now => this.set({ deployment: now }),
      log: ({ line }) => this.append(line),
      done: now => this.end(now)
    });
  }

  /** What the account's stream of news says about it: a second way for the status to arrive. */
  hear(deployment: IDeployment): void {
    if (deployment.id === this.deployment?.id && !this.finished) {
      this.set({ deployment });
    }
  }

  async cancel(): Promise<void> {
    if (this.deployment) {
      this.set({ deployment: await this.api.cancel(this.deployment.id) });
    }
  }

  private listen(url: string, on: Record<string, (data: any) => void>): void {
    this.stream?.dispose();
    this.stream = readStream(url, on);
  }

  private end(deployment: IDeployment): void {
    this.stream?.dispose();
    this.set({ deployment });
  }

  private fail(problem: IProblem): void {
    this.stream?.dispose();
    this.set({ problem });
  }

  private append(line: string): void {
    this.set({ lines: [...this.lines.slice(1 - LINES_KEPT), line] });
  }

  private async readOldLog(id: string): Promise<void> {
    try {
      this.set({ lines: await this.api.deploymentLog(id) });
    } catch (error) {
      this.set({ lines: [problemOf(error).message] });
    }
  }

  private set(news: Partial<Pick<IDeployRun, 'upload' | 'deployment' | 'problem' | 'lines'>>): void {
    Object.assign(this, news);
    (this.changed as Signal<this, void>).emit();
  }

  private stream: IDisposable | undefined;
}
