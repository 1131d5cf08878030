/** Sites, memory and storage: numbers, a bar each, and a warning colour near the limit. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IMe, IUse } from '../tokens';
import { megabytes } from '../words';

export interface IQuotaBarsProps {
  quota: IMe['quota'];
  trans: TranslationBundle;
  open: () => void;
}

export function QuotaBars({ quota, trans, open }: IQuotaBarsProps): JSX.Element {
  return (
    <section
      className="dialup-Quota"
      aria-label={trans.__('What you use')}
      title={trans.__('Click for details')}
      onClick={open}
      data-testid="dialup-quota"
    >
      <Bar name={trans.__('Sites')} use={quota.sites} show={String} />
      <Bar name={trans.__('Memory')} use={quota.memory_mb} show={megabytes} />
      <Bar name={trans.__('Storage')} use={quota.storage_mb} show={megabytes} />
      <Advice quota={quota} trans={trans} />
    </section>
  );
}

/** What to do where nothing is left; one thing at a time. */
function Advice({ quota, trans }: Pick<IQuotaBarsProps, 'quota' | 'trans'>): JSX.Element | null {
  const isFull = ({ used, limit }: IUse) => limit !== null && limit > 0 && used >= limit;
  const text = isFull(quota.storage_mb)
    ? trans.__('Storage is full: remove a site or files you do not need, or ask your admin for more.')
    : isFull(quota.memory_mb)
      ? trans.__('Memory is full: let a site sleep or stop one, or ask your admin for more.')
      : '';
  return text ? <p className="dialup-Quota-advice">{text}</p> : null;
}

function Bar({ name, use, show }: { name: string; use: IUse; show: (n: number) => string }): JSX.Element {
  const share = use.limit ? Math.min(1, use.used / use.limit) : 0;
  const text = use.limit === null ? show(use.used) : `${show(use.used)} / ${show(use.limit)}`;
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'busy' : 'good';
  return (
    <div className="dialup-Bar">
      <span>{name}</span>
      <span
        className={`dialup-Bar-track dialup-mod-${tone}`}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={use.limit ?? use.used}
        aria-valuenow={use.used}
        aria-valuetext={text}
      >
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="dialup-Bar-numbers">{text}</span>
    </div>
  );
}
