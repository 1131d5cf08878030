/** The log of a running site: its last lines, then every new one. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import * as React from 'react';
import { DialupApi, problemOf } from '../api';
import { LogLines } from '../components/LogLines';
import { Problem } from '../components/Problem';
import { readStream } from '../events';
import { IProblem } from '../tokens';

const LINES_KEPT = 2000;
/** The stream begins with this many of the last lines, each time it is opened. */
const LINES_REPEATED = 50;

export class LogContent extends ReactWidget {
  constructor(
    readonly site: string,
    private readonly api: DialupApi,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('dialup-LogTab');
    void this.begin();
  }

  dispose(): void {
    this.stream?.dispose();
    super.dispose();
  }

  protected render(): JSX.Element {
    if (this.problem) {
      return <Problem problem={this.problem} trans={this.trans} retry={() => void this.begin()} />;
    }
    return <LogLines lines={this.lines} trans={this.trans} isLive={true} download={`${this.site}.log`} />;
  }

  private async begin(): Promise<void> {
    try {
      this.older = (await this.api.siteLog(this.site)).slice(0, -LINES_REPEATED);
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    if (!this.problem && !this.isDisposed) {
      this.stream = readStream(this.api.siteLogEventsUrl(this.site), {
        open: () => (this.lines = this.older),
        log: ({ line }) => this.append(line)
      });
    }
    this.update();
  }

  private append(line: string): void {
    this.lines = [...this.lines.slice(1 - LINES_KEPT), line];
    this.update();
  }

  private older: readonly string[] = [];
  private lines: readonly string[] = [];
  private problem: IProblem | null = null;
  private stream: IDisposable | undefined;
}
