import type { paths } from "./schema";

export class ApiError extends Error {
  constructor(message: string, readonly status: number) { super(message); }
}

/** The API as it describes itself, by the path below /api/v1. */
type Api = { [P in keyof paths as P extends `/api/v1/${infer Rest}` ? Rest : never]: paths[P] };
type Method = "get" | "post" | "put" | "delete";

/** Paths that take a method. */
export type PathOf<M extends Method> = { [P in keyof Api]: Api[P] extends Record<M, object> ? P : never }[keyof Api];

type Operation<M extends Method, P extends PathOf<M>> = Api[P] extends Record<M, infer O> ? O : never;
type Json<A> = A extends { content: { "application/json": infer T } } ? T : null;

/** What a call answers in JSON; null where there is nothing to say. */
export type Answer<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { responses: infer R } ? Json<R[Extract<keyof R, 200 | 201 | 204>]> : never;

/** What a call takes as its body. */
export type Body<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { requestBody?: infer B } ? NonNullable<B> extends { content: { "application/json": infer T } } ? T : undefined : undefined;

type Known<T> = T extends { query?: infer Q } ? NonNullable<Q> extends never ? unknown : NonNullable<Q> : unknown;
type InPath<T> = T extends { path: infer Q } ? Q : unknown;
/** In an address everything is text: a number is one too. */
type Loose<T> = { [K in keyof T]: T[K] | number | (undefined extends T[K] ? undefined : never) };

/** Parameters of a call: those in its path and those of its query. */
export type Parameters<M extends Method, P extends PathOf<M>> = Operation<M, P> extends { parameters: infer T } ? Loose<InPath<T> & Known<T>> : never;

/** Calls whose parameters may all be left out need none. */
type Given<M extends Method, P extends PathOf<M>> = {} extends Parameters<M, P> ? [parameters?: Parameters<M, P>, signal?: AbortSignal] : [parameters: Parameters<M, P>, signal?: AbortSignal];

/** The address of a call: {names} of its path are filled, the other parameters follow as its query. */
export function url<M extends Method = "get", P extends PathOf<M> = PathOf<M>>(path: P, parameters: Parameters<M, P> | Record<string, never> = {}): string {
  const text = new URLSearchParams();
  let filled: string = path;
  for (const [name, value] of Object.entries(parameters as Record<string, string | number | undefined>)) {
    if (filled.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, encodeURIComponent(String(value)));
    else if (value !== undefined && value !== "") text.set(name, String(value));
  }
  return `/api/v1/${filled}${text.size ? `?${text}` : ""}`;
}

export function get<P extends PathOf<"get">>(path: P, ...[parameters, signal]: Given<"get", P>): Promise<Answer<"get", P>> {
  return ask<Answer<"get", P>>(url<"get", P>(path, parameters), signal ? { signal } : {});
}

/** Asks by a body. It changes nothing, so it needs no token against forgery. */
export function question<P extends "query" | "statistics">(path: P, body: Body<"post", P>, signal: AbortSignal): Promise<Answer<"post", P>> {
  return ask<Answer<"post", P>>(url<"post", P>(path), { method: "POST", signal, headers: JSON_BODY, body: JSON.stringify(body) });
}

/** Changes something. */
export async function send<M extends "post" | "put" | "delete", P extends PathOf<M>>(
  method: M, path: P, parameters: Parameters<M, P>, body: Body<M, P>, headers: Record<string, string> = {}): Promise<Answer<M, P>> {
  return ask<Answer<M, P>>(url<M, P>(path, parameters), { method: method.toUpperCase(), ...(await payload(body, headers)) });
}

/** An answer with its tag, for a change over just this version. */
export async function tagged<P extends PathOf<"get">>(path: P, parameters: Parameters<"get", P>, signal?: AbortSignal): Promise<{ body: Answer<"get", P>; tag: string }> {
  const response = await reach(url<"get", P>(path, parameters), signal ? { signal, cache: "no-store" } : { cache: "no-store" });
  return { body: (await response.json()) as Answer<"get", P>, tag: response.headers.get("ETag") ?? "" };
}

/** An answer as a file. */
export async function file<P extends "query">(path: P, parameters: Parameters<"post", P>, body: Body<"post", P>): Promise<Blob> {
  const response = await reach(url<"post", P>(path, parameters), { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });
  return response.blob();
}

/** Headers that a browser's session sends with whatever changes something: asked for each time, another page may have signed in anew. */
export async function changing(): Promise<Record<string, string>> {
  const session = await get("session").catch(() => null);
  return session?.antiforgery ? { [session.antiforgery.header]: session.antiforgery.token } : {};
}

/** Lists that come in pages. */
type Paged<P extends PathOf<"get">> = Answer<"get", P> extends { next: number | null } ? P : never;

/** All rows of a list that comes in pages, at most `most`. */
export async function all<P extends PathOf<"get">, N extends keyof Answer<"get", Paged<P>>>(
  path: P, name: N, parameters: Parameters<"get", P>, most: number, signal?: AbortSignal): Promise<Answer<"get", Paged<P>>[N]> {
  const rows: unknown[] = [];
  for (let offset: number | null = 0; offset !== null && rows.length < most;) {
    const address: string = url<"get", P>(path, { ...parameters, limit: Math.min(10_000, most - rows.length), offset });
    const page: Record<N, unknown[]> & { next: number | null } = await ask(address, signal ? { signal } : {});
    rows.push(...page[name]);
    offset = page.next;
  }
  return rows as Answer<"get", Paged<P>>[N];
}

export const isAbort = (error: unknown): boolean => (error as Error).name === "AbortError";

const JSON_BODY = { "Content-Type": "application/json" };

async function payload(body: unknown, headers: Record<string, string> = {}): Promise<RequestInit> {
  return { headers: { ...JSON_BODY, ...headers, ...(await changing()) }, body: JSON.stringify(body ?? {}) };
}

async function ask<T>(address: string, init: RequestInit): Promise<T> {
  const response = await reach(address, init);
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
