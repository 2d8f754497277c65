import type { Session } from "./types";

export class ApiError extends Error {
  constructor(message: string, readonly status: number) { super(message); }
}

export type Query = Record<string, string | number | undefined>;

export function url(path: string, query: Query = {}): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") text.set(name, String(value));
  return `/api/v1/${path}${text.size ? `?${text}` : ""}`;
}

/** A name as a part of a path. */
export const part = encodeURIComponent;

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> => ask<T>(path, query, signal ? { signal } : {});

export const send = async <T>(method: string, path: string, body: unknown, query: Query = {}, headers: Record<string, string> = {}): Promise<T> =>
  ask<T>(path, query, { method, headers: { "Content-Type": "application/json", ...headers, ...(await changing()) }, body: JSON.stringify(body) });

/** An answer with its tag, for a change over just this version. */
export async function tagged<T>(path: string, signal?: AbortSignal): Promise<{ body: T; tag: string }> {
  const response = await reach(url(path), signal ? { signal, cache: "no-store" } : { cache: "no-store" });
  return { body: (await response.json()) as T, tag: response.headers.get("ETag") ?? "" };
}

/** An answer as a file. */
export async function file(path: string, body: unknown, query: Query): Promise<Blob> {
  const response = await reach(url(path, query), { method: "POST", headers: { "Content-Type": "application/json", ...(await changing()) }, body: JSON.stringify(body) });
  return response.blob();
}

/** Headers that a browser's session sends with whatever changes something: asked for each time, another page may have signed in anew. */
export async function changing(): Promise<Record<string, string>> {
  const session = await get<Session>("session").catch(() => null);
  return session?.antiforgery ? { [session.antiforgery.header]: session.antiforgery.token } : {};
}

/** All rows of a list that comes in pages, at most `most`. */
export async function all<T>(path: string, name: string, query: Query, most: number, signal?: AbortSignal): Promise<T[]> {
  const rows: T[] = [];
  for (let offset: number | null = 0; offset !== null && rows.length < most;) {
    const page: Record<string, unknown> & { next: number | null } = await get(path, { ...query, limit: Math.min(10_000, most - rows.length), offset }, signal);
    rows.push(...(page[name] as T[]));
    offset = page.next;
  }
  return rows;
}

export const isAbort = (error: unknown): boolean => (error as Error).name === "AbortError";

async function ask<T>(path: string, query: Query, init: RequestInit): Promise<T> {
  const response = await reach(url(path, query), init);
  return (response.status === 204 ? null : await response.json()) as T;
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("The server does not answer.", 0);
  }
  if (response.status === 401) {
    // The session has ended, or there never was one.
    location.assign(`/signin?return=${encodeURIComponent(location.pathname + location.search)}`);
    throw new ApiError("Sign in to go on.", 401);
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => null)) as { title?: string; detail?: string } | null;
    throw new ApiError(problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`, response.status);
  }
  return response;
}
