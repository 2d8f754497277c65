// What the query API answers (docs/api.md). Times of series are Unix milliseconds.
export interface Meta { watermark: string | null; freshness: number | null; completeness: number | null; behind: number | null; asOf: string; truncated: boolean }
export interface Device { device: string; sensors: number; readings: number; lastSeen: string | null; clockAhead: boolean; aheadTime: string | null }
export interface Latest { device: string; sensor: string; time: string | null; value: number | null; special: string; quality: number; clockAhead: boolean; aheadTime?: string }
export interface Anomaly { time: string; device: string; sensor: string; kind: string; value: number | null; score: number | null; pValue: number; detector: string; reason: string }
export interface RawColumns { t: number[]; value: (number | null)[]; quality: number[] }
export interface BucketColumns { t: number[]; min: (number | null)[]; max: (number | null)[]; mean: (number | null)[]; count: number[] }
export interface Series { meta: Meta; source: string; raw: boolean; stepMs: number; columns: RawColumns | BucketColumns }
export interface Quantiles { p50: number; p95: number; p99: number }
export interface Pipeline {
  meta: Meta;
  rates: { received: number | null; acked: number | null; publishes: number | null; stored: number | null; rolledUp: number | null; anomalies: number | null };
  lag: { group: string; topic: string; partition: number; records: number; seconds: number }[];
  latency: { pubackMs: Quantiles | null; e2eMs: Quantiles | null };
  connections: number | null; deadLetters: number | null; duplicates: number | null;
  freshness: number | null;
}
export interface LiveReading { device: string; sensor: string; t: number; value: number | null; clockAhead?: boolean }
export interface LiveAnomaly { device: string; sensor: string; t: number; kind: string; value: number | null; reason: string }

export interface Rule { device?: string; sensor?: string; tag?: string; detectors: (string | Record<string, unknown>)[] }
export interface Detectors { version: number; settings: { rules?: Rule[] } & Record<string, unknown>; known: { detector: string; parameters: Record<string, string> }[] }
export interface Backtest { count: number; readings: number; hits: { time: string; value?: number; kind: string; detector: string; text: string }[] }

export class ApiError extends Error {}

export function url(path: string, query: Record<string, string | number | undefined> = {}): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") text.set(name, String(value));
  return `/api/v1/${path}${text.size ? `?${text}` : ""}`;
}

type Query = Record<string, string | number | undefined>;

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> => ask<T>(path, query, signal ? { signal } : {}, signal);

export const send = async <T>(method: string, path: string, body: unknown, query: Query = {}): Promise<T> =>
  ask<T>(path, query, { method, headers: { "Content-Type": "application/json", ...(await changing()) }, body: JSON.stringify(body) });

export interface Session {
  user: string; role: string | null; kind: string; devices: string[]; open: boolean; canSignOut: boolean;
  antiforgery: { header: string; token: string } | null;
}

/** Headers that a browser's session sends with whatever changes something: asked for each time, another page may have signed in anew. */
export async function changing(): Promise<Record<string, string>> {
  const session = await get<Session>("session").catch(() => null);
  return session?.antiforgery ? { [session.antiforgery.header]: session.antiforgery.token } : {};
}

async function ask<T>(path: string, query: Query, init: RequestInit, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url(path, query), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server does not answer. Trying again.");
  }
  if (response.status === 401) {
    // The session has ended, or there never was one.
    location.assign(`/signin?return=${encodeURIComponent(location.pathname + location.search + location.hash)}`);
    throw new ApiError("Sign in to go on.");
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => null)) as { title?: string; detail?: string } | null;
    throw new ApiError(problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`);
  }
  return (await response.json()) as T;
}
