/** Name and template of a site to be: the name is checked while typing, the address shown. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { bare } from '../address';
import { INameCheck, IProblem, ITemplate } from '../tokens';
import { kindWord } from '../words';

export interface INewSite {
  name: string;
  template: string;
}

export interface INewSiteFormProps {
  first: INewSite;
  templates: readonly ITemplate[];
  domain: string;
  problem: IProblem | null;
  trans: TranslationBundle;
  check: (name: string) => Promise<INameCheck>;
  onChange: (site: INewSite) => void;
}

const TYPING_PAUSE_MS = 200;

export function NewSiteForm(props: INewSiteFormProps): JSX.Element {
  const { trans, templates, problem, onChange } = props;
  const [site, setSite] = React.useState(props.first);
  React.useEffect(() => {
    onChange(site);
  }, [site]);
  return (
    <div className="dialup-NewSite" data-testid="dialup-new-site-form">
      {problem && (
        <div className="dialup-Card dialup-mod-bad" role="alert">
          <strong>{problem.message}</strong>
          {problem.hint && <p>{problem.hint}</p>}
        </div>
      )}
      <NameField {...props} name={site.name} setName={name => setSite({ ...site, name })} />
      <fieldset className="dialup-Templates">
        <legend>{trans.__('Start from')}</legend>
        {templates.map(template => (
          <TemplateCard
            key={template.name}
            template={template}
            trans={trans}
            isChosen={template.name === site.template}
            choose={() => setSite({ ...site, template: template.name })}
          />
        ))}
      </fieldset>
    </div>
  );
}

function NameField(
  props: INewSiteFormProps & { name: string; setName: (name: string) => void }
): JSX.Element {
  const { trans, name, setName } = props;
  const input = React.useRef<HTMLInputElement>(null);
  const answer = useNameCheck(props.check, name);
  React.useEffect(() => input.current?.focus(), []);
  React.useEffect(() => {
    const verdict = name && answer?.name === name && answer.ok ? '' : trans.__('Not a free name yet');
    input.current?.setCustomValidity(verdict);
    // JupyterLab's dialog looks for invalid fields at every input event and guards its button.
    input.current?.dispatchEvent(new Event('input', { bubbles: true }));
  }, [name, answer]);
  return (
    <label className="dialup-Name">
      <span>{trans.__('Name')}</span>
      <input
        ref={input}
        value={name}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        maxLength={40}
        aria-describedby="dialup-name-verdict"
        data-testid="dialup-name"
        onChange={event => setName(event.target.value.toLowerCase().replace(/[\s_.]+/g, '-'))}
      />
      <Verdict {...props} answer={answer?.name === name ? answer : null} />
    </label>
  );
}

function Verdict(props: INewSiteFormProps & { answer: INameCheck | null; name: string }): JSX.Element {
  const { answer, name, domain, trans } = props;
  const isBad = answer !== null && !answer.ok && name !== '';
  const address = bare(answer?.address || `${name || trans.__('name')}.${domain}`);
  const text = isBad
    ? [answer.message, answer.hint].filter(Boolean).join(' ')
    : trans.__('It will be at %1', address);
  return (
    <span
      id="dialup-name-verdict"
      className={`dialup-Verdict ${isBad ? 'dialup-mod-bad' : answer?.ok ? 'dialup-mod-good' : ''}`}
      role="status"
      data-testid="dialup-name-verdict"
    >
      {text}
    </span>
  );
}

function TemplateCard(props: {
  template: ITemplate;
  isChosen: boolean;
  trans: TranslationBundle;
  choose: () => void;
}): JSX.Element {
  const { template, isChosen, trans, choose } = props;
  return (
    <label className="dialup-Template" data-testid={`dialup-template-${template.name}`}>
      <input
        type="radio"
        name="dialup-template"
        className="dialup-hidden"
        checked={isChosen}
        onChange={choose}
      />
      <span className="dialup-Template-picture">
        {template.picture?.startsWith('data:image/') && <img src={template.picture} alt="" />}
      </span>
      <span className="dialup-Template-title">{template.title}</span>
      <span className="dialup-Kind">{kindWord(template.kind, trans)}</span>
      <span className="dialup-Template-text">{template.description}</span>
    </label>
  );
}

/** The server's verdict on `name`, asked after a pause in typing. */
function useNameCheck(check: INewSiteFormProps['check'], name: string): INameCheck | null {
  const [answer, setAnswer] = React.useState<INameCheck | null>(null);
  React.useEffect(() => {
    if (!name) {
      return undefined;
    }
    const failed = (error: Error): INameCheck => ({
      name, ok: false, address: null, message: error.message, hint: null
    });
    const timer = window.setTimeout(() => void check(name).catch(failed).then(setAnswer), TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [name]);
  return answer;
}
