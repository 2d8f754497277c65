import { signal } from "@preact/signals";
import { get } from "../api/client";
import type { Pipeline } from "../api/types";
import { simulatedBy } from "../lib/simulated";
import { secondsSince } from "../lib/format";

export const pipeline = signal<Pipeline | null>(null);

/** True while the server does not answer. */
export const away = signal(false);

/** Ticks once a second, so that ages on the page grow. */
export const now = signal(Date.now());

/** The devices whose values are on the page: how old theirs are is what the badge tells. */
export const watched = signal<string[]>([]);

export interface Seen { device: string; lastSeen: string | null; clockAhead: boolean; simulated: [number, number] | null }
export const seen = signal<Seen[]>([]);

const WATCHED_MAX = 12;
const watchers = new Map<object, string[]>();

/** A chart shows these devices; none: it is gone. */
export function watch(chart: object, devices: string[]): void {
  if (devices.length) watchers.set(chart, devices); else watchers.delete(chart);
  const next = [...new Set([...watchers.values()].flat())].slice(0, WATCHED_MAX);
  if (next.join() === watched.value.join()) return;
  watched.value = next;
  seen.value = seen.value.filter((one) => next.includes(one.device));
  void look();
}

/** A value of the device has come over the live stream. */
export function heard(device: string, t: number): void {
  const last = seen.value.find((one) => one.device === device);
  if (last && t > Date.parse(last.lastSeen ?? "1970-01-01T00:00:00Z") && t <= Date.now() + 5000) {
    seen.value = seen.value.map((one) => one === last ? { ...one, lastSeen: new Date(t).toISOString() } : one);
  }
}

async function look(): Promise<void> {
  const devices = watched.value;
  const found = await Promise.all(devices.map((device) => get("devices/{device}", { device }).catch(() => null)));
  if (devices.join() !== watched.value.join()) return;
  seen.value = found.filter((one) => one !== null).map(({ device, lastSeen, clockAhead, tags }) => ({ device, lastSeen, clockAhead, simulated: simulatedBy(tags) }));
}

/** The device shown that has been silent longest. */
export function stalest(): { device: string; seconds: number } | null {
  const t = now.value;
  const ages = seen.value.map((one) => ({ device: one.device, seconds: secondsSince(one.lastSeen, t) ?? Infinity }));
  return ages.sort((a, b) => b.seconds - a.seconds)[0] ?? null;
}

/** Age of the newest record stored, by now. */
export function freshness(): number | null {
  const p = pipeline.value;
  return p === null || p.freshness === null ? null : Math.max(0, p.freshness + (now.value - polled) / 1000);
}

let polled = 0;

async function poll(): Promise<void> {
  try {
    const answer = await get("pipeline");
    polled = Date.now();
    pipeline.value = answer;
    away.value = false;
  } catch {
    away.value = true;
  }
  setTimeout(() => void poll(), document.hidden ? 15_000 : 2_000);
}

export function startHealth(): void {
  void poll();
  setInterval(() => { now.value = Date.now(); }, 1000);
  setInterval(() => { if (!document.hidden && watched.value.length) void look(); }, 5000);
}
