/** The administration's routes as calls that answer or throw, as the settings need them. */
import { type components, refusalOf } from '@tidegauge/client';
import { client } from '../../lib/session.svelte';

type Schemas = components['schemas'];
export type Tenant = Schemas['Tenant'];
export type Settings = Schemas['TenantSettings'];
export type Change = Schemas['TenantSettingsChange'];
export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type NewKeyRequest = Schemas['NewKeyRequest'];
export type Project = Schemas['Project'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditPage = Schemas['AuditList'];
export type StoreState = Schemas['StoreState'];
export type StoreHealth = Schemas['StoreHealth'];

const PAGE = 1_000;
/** Lists are read whole up to here; who has more finds them by the command line. */
const MAX_PAGES = 10;

export async function tenants(signal: AbortSignal): Promise<Tenant[]> {
  return whole((query) => client.http.GET('/api/v1/admin/tenants', { params: { query }, signal }).then(told));
}

export async function tenantOf(tenant: string, signal: AbortSignal): Promise<Tenant> {
  return client.http.GET('/api/v1/admin/tenants/{tenant}', { params: { path: { tenant } }, signal }).then(told);
}

/** What is absent in the change stays as it is; null goes back to the server's default. */
export async function changeTenant(tenant: string, body: Change): Promise<Tenant> {
  return client.http.PATCH('/api/v1/admin/tenants/{tenant}', { params: { path: { tenant } }, body }).then(told);
}

export async function projects(tenant: string, signal: AbortSignal): Promise<Project[]> {
  const { items } = await client.http
    .GET('/api/v1/admin/tenants/{tenant}/projects', { params: { path: { tenant } }, signal })
    .then(told);
  return items;
}

export async function createProject(tenant: string, id: string): Promise<Project> {
  return client.http
    .POST('/api/v1/admin/tenants/{tenant}/projects', { params: { path: { tenant } }, body: { id } })
    .then(told);
}

export async function keys(tenant: string, signal: AbortSignal): Promise<Key[]> {
  return whole((query) =>
    client.http.GET('/api/v1/admin/tenants/{tenant}/keys', { params: { path: { tenant }, query }, signal }).then(told),
  );
}

export async function createKey(tenant: string, body: NewKeyRequest): Promise<NewKey> {
  return client.http.POST('/api/v1/admin/tenants/{tenant}/keys', { params: { path: { tenant } }, body }).then(told);
}

export async function revokeKey(tenant: string, key_id: string): Promise<Key> {
  return client.http
    .DELETE('/api/v1/admin/tenants/{tenant}/keys/{key_id}', { params: { path: { tenant, key_id } } })
    .then(told);
}

export async function rotateKey(tenant: string, key_id: string, overlap_seconds: number): Promise<NewKey> {
  return client.http
    .POST('/api/v1/admin/tenants/{tenant}/keys/{key_id}/rotate', {
      params: { path: { tenant, key_id } },
      body: { overlap_seconds },
    })
    .then(told);
}

/** A page of changes, the newest first; of all tenants when none is named (the operator). */
export async function audit(tenant: string | null, cursor: string | null, signal?: AbortSignal): Promise<AuditPage> {
  const query = { limit: 50, ...(cursor === null ? {} : { cursor }) };
  const init = signal ? { signal } : {};
  if (tenant === null) return client.http.GET('/api/v1/admin/audit', { params: { query }, ...init }).then(told);
  return client.http
    .GET('/api/v1/admin/tenants/{tenant}/audit', { params: { path: { tenant }, query }, ...init })
    .then(told);
}

export async function store(signal: AbortSignal): Promise<StoreState> {
  return client.http.GET('/api/v1/admin/store', { signal }).then(told);
}

export async function health(signal: AbortSignal): Promise<StoreHealth> {
  const answer = await client.http.GET('/api/v1/analytics/health', { signal });
  // A store that takes no writes says so with a 503, and tells the same.
  const unwell = answer.error as Partial<StoreHealth> | undefined;
  if (unwell?.checks !== undefined) return unwell as StoreHealth;
  return told(answer);
}

interface Told<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

function told<T>({ data, error, response }: Told<T>): T {
  if (!response.ok || data === undefined) throw refusalOf(response, error);
  return data;
}

async function whole<T>(page: (query: { limit: number; cursor?: string }) => Promise<{ items: T[]; next: string | null }>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let at = 0; at < MAX_PAGES; at += 1) {
    const answer: { items: T[]; next: string | null } = await page({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    items.push(...answer.items);
    cursor = answer.next;
    if (cursor === null) break;
  }
  return items;
}
