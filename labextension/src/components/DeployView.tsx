/** A deployment as it happens: five steps, the log, and how it ended. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isFinal } from '../run';
import { IDeployRun, STEPS, Step } from '../tokens';
import { rolledBack, seconds, size, statusWord, stepWord } from '../words';
import { FailureCard, SuccessCard } from './Endings';
import { LogLines } from './LogLines';

export interface IDeployViewProps {
  run: IDeployRun;
  address: string;
  trans: TranslationBundle;
  again: () => void;
  rollback: () => void;
}

export function DeployView(props: IDeployViewProps): JSX.Element {
  const { run, trans } = props;
  return (
    <div className="dialup-Deploy" data-testid={`dialup-deploy-${run.site}`}>
      <div className="dialup-Deploy-head">
        <h2 aria-live="polite">{heading(props)}</h2>
        {run.deployment && !isFinal(run.deployment) && run.deployment.status !== 'switching' && (
          <button className="dialup-Button" onClick={() => void run.cancel()}>
            {trans.__('Cancel')}
          </button>
        )}
      </div>
      <ol className="dialup-Steps" aria-label={trans.__('Progress')}>
        {STEPS.map(step => (
          <StepMark key={step} step={step} state={stateOfStep(step, run)} trans={trans} note={noteOf(step, props)} />
        ))}
      </ol>
      {run.saved.length > 0 && (
        <p className="dialup-Saved" data-testid="dialup-saved">
          {trans._n('Saved first, as it was open and changed: %2', 'Saved first, as they were open and changed: %2', run.saved.length, run.saved.join(', '))}
        </p>
      )}
      <FailureCard {...props} />
      <SuccessCard {...props} />
      <LogLines lines={run.lines} trans={trans} isLive={!run.finished} />
    </div>
  );
}

type StepState = 'done' | 'now' | 'failed' | 'next';

function StepMark(props: { step: Step; state: StepState; note: string; trans: TranslationBundle }): JSX.Element {
  const { step, state, note, trans } = props;
  const spoken = {
    done: trans.__('done'),
    now: trans.__('under way'),
    failed: trans.__('failed'),
    next: trans.__('to come')
  }[state];
  return (
    <li
      className={`dialup-Step dialup-mod-${state}`}
      aria-current={state === 'now' ? 'step' : undefined}
      data-testid={`dialup-step-${step}`}
      data-state={state}
    >
      <span className="dialup-Step-mark" aria-hidden="true" />
      <span className="dialup-Step-word">{stepWord(step, trans)}</span>
      <span className="dialup-hidden">{spoken}</span>
      <span className="dialup-Step-note">{note}</span>
    </li>
  );
}

function stateOfStep(step: Step, run: IDeployRun): StepState {
  const current = currentStep(run);
  const at = STEPS.indexOf(current);
  const mine = STEPS.indexOf(step);
  if (mine !== at) {
    return mine < at ? 'done' : 'next';
  }
  const status = run.deployment?.status;
  if (run.problem || status === 'failed' || status === 'cancelled') {
    return 'failed';
  }
  return status === 'live' || status === 'superseded' ? 'done' : 'now';
}

function currentStep(run: IDeployRun): Step {
  return run.deployment ? run.deployment.failure?.step ?? run.deployment.step ?? 'build' : 'upload';
}

function noteOf(step: Step, { run, trans }: IDeployViewProps): string {
  if (step === 'upload' && run.upload) {
    const { sent, total } = run.upload;
    return total === 0 ? trans.__('nothing new') : trans.__('%1 of %2', size(sent), size(total));
  }
  if (step === 'live' && run.deployment?.status === 'live' && run.deployment.duration_seconds !== null) {
    return trans.__('in %1', seconds(run.deployment.duration_seconds));
  }
  return '';
}

function heading({ run, trans }: IDeployViewProps): string {
  const deployment = run.deployment;
  if (!deployment) {
    return run.problem ? trans.__('%1 was not deployed', run.site) : trans.__('Sending %1', run.site);
  }
  const number = deployment.release.number;
  if (deployment.action === 'rollback' && deployment.status === 'live') {
    return rolledBack(deployment, trans);
  }
  if (isFinal(deployment)) {
    return trans.__('%1, release %2: %3', run.site, number, statusWord(deployment.status, trans).toLowerCase());
  }
  return deployment.action === 'rollback'
    ? trans.__('Rolling %1 back to release %2', run.site, number)
    : trans.__('Deploying %1, release %2', run.site, number);
}
