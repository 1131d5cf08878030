/** The one door to the server. Every refusal comes out as a `Refusal` with a message and a hint. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  IDeployment,
  IEnvironment,
  IMe,
  INameCheck,
  INewPreviewLink,
  IPreview,
  IPreviewLink,
  IProblem,
  IRelease,
  ISite,
  ISiteChange,
  ITemplate,
  IVariable
} from './tokens';

/** An answer that is not the one hoped for, in words for a person. */
export class Refusal extends Error implements IProblem {
  constructor(
    message: string,
    readonly hint: string,
    readonly code: string,
    readonly status: number
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** Anything thrown, as a problem a person can read. */
export function problemOf(error: unknown): IProblem {
  if (error instanceof Refusal) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'unexpected', message, hint: 'Try again; if it stays, reload the page.' };
}

export class DialupApi {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  me = (): Promise<IMe> => this.get('me');
  templates = async (): Promise<ITemplate[]> =>
    (await this.get<{ templates: ITemplate[] }>('templates')).templates;
  checkName = (name: string): Promise<INameCheck> => this.get(`names/${encodeURIComponent(name)}`);

  sites = async (): Promise<ISite[]> => (await this.get<{ sites: ISite[] }>('sites')).sites;
  createSite = (name: string, template: string): Promise<ISite> =>
    this.send('POST', 'sites', { name, template });
  removeSite = (name: string): Promise<void> => this.send('DELETE', `sites/${name}`);
  act = (name: string, verb: 'start' | 'stop' | 'restart' | 'wake'): Promise<ISite> =>
    this.send('POST', `sites/${name}/${verb}`);
  change = (name: string, change: ISiteChange): Promise<ISite> => this.send('PATCH', `sites/${name}`, change);
  siteLog = async (name: string): Promise<string[]> =>
    (await this.get<{ lines: string[] }>(`sites/${name}/logs?lines=200`)).lines;

  environment = (name: string): Promise<IEnvironment> => this.get(`sites/${name}/env`);
  setVariable = (name: string, variable: string, value: string, secret: boolean): Promise<IVariable> =>
    this.send('PUT', `sites/${name}/env/${encodeURIComponent(variable)}`, { value, secret });
  removeVariable = (name: string, variable: string): Promise<void> =>
    this.send('DELETE', `sites/${name}/env/${encodeURIComponent(variable)}`);

  deployments = async (name: string): Promise<IDeployment[]> =>
    (await this.get<{ deployments: IDeployment[] }>(`sites/${name}/deployments`)).deployments;
  releases = async (name: string): Promise<IRelease[]> =>
    (await this.get<{ releases: IRelease[] }>(`sites/${name}/releases`)).releases;
  rollback = (name: string, release?: number): Promise<IDeployment> =>
    this.send('POST', `sites/${name}/rollback`, release === undefined ? {} : { release });
  deploymentLog = async (id: string): Promise<string[]> =>
    (await this.get<{ lines: string[] }>(`deployments/${id}/log`)).lines;
  cancel = (id: string): Promise<IDeployment> => this.send('POST', `deployments/${id}/cancel`);

  preview = (name: string): Promise<IPreview> => this.get(`sites/${name}/preview`);
  startPreview = (name: string): Promise<IPreview> => this.send('POST', `sites/${name}/preview`);
  stopPreview = (name: string): Promise<void> => this.send('DELETE', `sites/${name}/preview`);
  previewTicket = async (name: string): Promise<string> =>
    (await this.send<{ url: string }>('POST', `sites/${name}/preview/ticket`)).url;

  previewLinks = async (name: string): Promise<IPreviewLink[]> =>
    (await this.get<{ links: IPreviewLink[] }>(`sites/${name}/preview/links`)).links;
  makePreviewLink = (name: string, hours: number): Promise<INewPreviewLink> =>
    this.send('POST', `sites/${name}/preview/links`, { hours });
  revokePreviewLink = (name: string, id: string): Promise<void> =>
    this.send('DELETE', `sites/${name}/preview/links/${encodeURIComponent(id)}`);

  workspaces = async (): Promise<{ site: string; path: string; exists: boolean }[]> =>
    (await this.request<{ workspaces: [] }>('GET', this.labUrl('workspaces'))).workspaces;
  createWorkspace = (site: string, template: string | null): Promise<{ path: string }> =>
    this.request('POST', this.labUrl('workspaces'), { site, template });
  deploy = (site: string, path?: string): Promise<{ job: string }> =>
    this.request('POST', this.labUrl('deploy'), path === undefined ? { site } : { site, path });

  eventsUrl = (): string => this.apiUrl('events');
  deploymentEventsUrl = (id: string): string => this.apiUrl(`deployments/${id}/events`);
  siteLogEventsUrl = (name: string): string => this.apiUrl(`sites/${name}/logs/events`);
  jobEventsUrl = (job: string): string => this.labUrl(`deploy/${job}/events`);
  dashboardUrl = (name: string): string => URLExt.join(this.settings.baseUrl, 'dialup/dashboards', name);

  private apiUrl(path: string): string {
    return URLExt.join(this.settings.baseUrl, 'dialup/api/v1', path);
  }

  private labUrl(path: string): string {
    return URLExt.join(this.settings.baseUrl, 'dialup/lab/v1', path);
  }

  private get<T>(path: string): Promise<T> {
    return this.request('GET', this.apiUrl(path));
  }

  private send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> {
    return this.request(method, this.apiUrl(path), body);
  }

  private async request<T>(method: string, url: string, body?: object): Promise<T> {
    const init: RequestInit = { method, cache: 'no-store' };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch {
      throw new Refusal('The lab does not answer.', 'Check your connection, then try again.', 'offline', 0);
    }
    const answer = await readJson(response);
    if (!response.ok) {
      throw refusalFrom(response.status, answer);
    }
    return answer as T;
  }
}

async function readJson(response: Response): Promise<any> {
  const text = await response.text();
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function refusalFrom(status: number, answer: any): Refusal {
  if (answer?.code) {
    return new Refusal(answer.message, answer.hint ?? '', answer.code, status);
  }
  if (status === 404) {
    return new Refusal(
      'dialup is not switched on in this Jupyter server.',
      'Run “jupyter server extension enable dialup_ext” in the environment Jupyter runs in, then restart Jupyter.',
      'extension_missing',
      status
    );
  }
  if (status === 401 || status === 403) {
    return new Refusal('You are logged out.', 'Reload the page and log in again.', 'not_logged_in', status);
  }
  return new Refusal(
    answer?.message || `The server answered with status ${status}.`,
    'Try again in a moment.',
    'unexpected_answer',
    status
  );
}
