/** How a deployment ended: the address when it is live, the cause and one suggestion when not. */
import * as React from 'react';
import { bare, isWeb } from '../address';
import { stillLive } from '../words';
import { IDeployViewProps } from './DeployView';

export function SuccessCard({ run, address, trans, rollback }: IDeployViewProps): JSX.Element | null {
  const deployment = run.deployment;
  if (deployment?.status !== 'live') {
    return null;
  }
  return (
    <div className="dialup-Card dialup-mod-good" role="status" data-testid="dialup-success">
      <strong>
        {deployment.action === 'rollback'
          ? trans.__('Release %1 is live again', deployment.release.number)
          : trans.__('Release %1 is live', deployment.release.number)}
      </strong>
      {isWeb(address) && (
        <p>
          <a href={address} target="_blank" rel="noopener noreferrer" className="dialup-Big-link">
            {bare(address)}
          </a>
        </p>
      )}
      {deployment.release.number > 1 && deployment.action === 'deploy' && (
        <button className="dialup-Button" onClick={rollback}>
          {trans.__('Roll back')}
        </button>
      )}
    </div>
  );
}

export function FailureCard({ run, trans, again }: IDeployViewProps): JSX.Element | null {
  const deployment = run.deployment;
  const problem = run.problem ?? deployment?.failure;
  if (deployment?.status === 'cancelled') {
    return (
      <div className="dialup-Card" role="status">
        <strong>{trans.__('Cancelled.')}</strong> {stillLive(deployment, trans)}
      </div>
    );
  }
  if (!problem) {
    return null;
  }
  const tail = deployment?.failure?.log_tail ?? [];
  return (
    <div className="dialup-Card dialup-mod-bad" role="alert" data-testid="dialup-failure">
      <strong>{problem.message}</strong>
      {problem.hint && <p>{problem.hint}</p>}
      {tail.length > 0 && <pre tabIndex={0}>{tail.slice(-40).join('\n')}</pre>}
      {deployment && <p className="dialup-Calm">{stillLive(deployment, trans)}</p>}
      <button className="dialup-Button" onClick={again}>
        {trans.__('Deploy again')}
      </button>
    </div>
  );
}
