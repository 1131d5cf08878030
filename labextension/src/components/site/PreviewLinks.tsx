/** Links by which others may see the preview until a chosen time. */
import { Clipboard } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { INewPreviewLink, IPreviewLink } from '../../tokens';
import { ago, until } from '../../words';
import { ISectionProps, Section } from './SitePage';

export function PreviewLinks(props: ISectionProps): JSX.Element {
  const { details, trans } = props;
  const [hours, setHours] = React.useState(24);
  const lifetimes: [number, string][] = [
    [1, trans.__('an hour')],
    [24, trans.__('a day')],
    [168, trans.__('a week')]
  ];
  return (
    <Section {...props} name="links" title={trans.__('Share the preview')}>
      <p className="dialup-Calm">
        {trans.__(
          'Only you see the preview. With a link somebody else sees it too while it runs, without an account; and nothing else of yours.'
        )}
      </p>
      <form
        className="dialup-Form dialup-mod-line"
        onSubmit={event => {
          event.preventDefault();
          void details.makeLink(hours);
        }}
      >
        <label>
          <span>{trans.__('Good for')}</span>
          <select value={hours} onChange={event => setHours(Number(event.target.value))}>
            {lifetimes.map(([count, word]) => (
              <option key={count} value={count}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <button className="dialup-Button" disabled={details.busy === 'links'} data-testid="dialup-make-link">
          {trans.__('Make a link')}
        </button>
      </form>
      {details.made && <Made key={details.made.id} made={details.made} trans={trans} />}
      <ul className="dialup-List">
        {details.links.map(link => (
          <Row key={link.id} {...props} link={link} />
        ))}
      </ul>
    </Section>
  );
}

function Made({ made, trans }: { made: INewPreviewLink; trans: TranslationBundle }): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  return (
    <div className="dialup-Card dialup-mod-good" role="status" data-testid="dialup-made-link">
      <strong>{trans.__('Copy it now: it is shown this once')}</strong>
      <div className="dialup-Form dialup-mod-line">
        <input
          readOnly
          value={made.url}
          aria-label={trans.__('The link')}
          onFocus={event => event.target.select()}
        />
        <button
          className="dialup-Button"
          onClick={() => {
            Clipboard.copyToSystem(made.url);
            setCopied(true);
          }}
        >
          {copied ? trans.__('Copied') : trans.__('Copy')}
        </button>
      </div>
    </div>
  );
}

function Row({ link, details, trans }: ISectionProps & { link: IPreviewLink }): JSX.Element {
  const end = until(new Date(link.expires_at), trans);
  return (
    <li>
      <span className="dialup-List-note">
        {link.created_at
          ? trans.__('Made %1, ends %2', ago(new Date(link.created_at), trans), end)
          : trans.__('Ends %1', end)}
      </span>
      <button
        className="dialup-Button"
        disabled={details.busy === 'links'}
        aria-label={trans.__('Revoke the link that ends %1', end)}
        onClick={() => void details.revokeLink(link.id)}
      >
        {trans.__('Revoke')}
      </button>
    </li>
  );
}
