import { computed, signal } from "@preact/signals";
import { all, ApiError, send, url } from "../api/client";
import type { Alarm, AlarmChange, Priority } from "../api/types";
import { LiveStream } from "../lib/stream";
import { actor } from "./session";
import { announce } from "./sound";

/** Every alarm that is not normal, by id: those that stand, and those put aside. */
export const alarms = signal<ReadonlyMap<string, Alarm>>(new Map());

/** Why there is no list; empty when there is one. */
export const alarmsProblem = signal("Loading …");

export const PRIORITIES: Priority[] = ["critical", "high", "medium", "low"];
const STANDING = ["unacknowledged-active", "returned-unacknowledged", "acknowledged-active"];
const ASIDE = ["shelved", "suppressed", "out-of-service"];
const LIST_MAX = 20_000;

export const isStanding = (alarm: Alarm): boolean => STANDING.includes(alarm.status);
export const asks = (alarm: Alarm): boolean => alarm.status === "unacknowledged-active" || alarm.status === "returned-unacknowledged";

/** Unacknowledged first, then by priority, then the newest. */
export const standing = computed(() => [...alarms.value.values()].filter(isStanding).sort(order));
export const aside = computed(() => [...alarms.value.values()].filter((alarm) => ASIDE.includes(alarm.status)).sort(order));
export const unacknowledged = computed(() => standing.value.filter(asks).length);

/** The worst alarm that stands on each device. */
export const worst = computed(() => {
  const found = new Map<string, Alarm>();
  for (const alarm of standing.value) {
    const before = found.get(alarm.device);
    if (!before || PRIORITIES.indexOf(alarm.priority) < PRIORITIES.indexOf(before.priority)) found.set(alarm.device, alarm);
  }
  return found;
});

function order(a: Alarm, b: Alarm): number {
  return STANDING.indexOf(a.status) - STANDING.indexOf(b.status)
    || PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority)
    || Date.parse(b.since ?? "") - Date.parse(a.since ?? "") || (a.id < b.id ? -1 : 1);
}

let retry = 0;

async function load(): Promise<void> {
  clearTimeout(retry);
  streamed.clear();
  try {
    const lists = await Promise.all([
      all("alarms", "alarms", {}, LIST_MAX),
      ...ASIDE.map((status) => all("alarms", "alarms", { status }, LIST_MAX)),
    ]);
    const next = new Map(lists.flat().map((alarm) => [alarm.id, alarm]));
    // What came over the stream while the lists were under way is newer than they are.
    for (const alarm of streamed.values()) put(next, alarm);
    alarms.value = next;
    alarmsProblem.value = "";
  } catch (error) {
    alarmsProblem.value = (error as Error).message;
    retry = window.setTimeout(() => void load(), error instanceof ApiError && error.status === 503 ? 5_000 : 3_000);
  }
}

/** What has come over the stream since the lists were last asked for. */
const streamed = new Map<string, Alarm>();

function changed(data: string): void {
  const change = JSON.parse(data) as AlarmChange;
  take(change.alarm);
  if (change.transition === "raised" || change.transition === "escalated") announce(change.alarm);
}

function take(alarm: Alarm): void {
  streamed.set(alarm.id, alarm);
  const next = new Map(alarms.value);
  put(next, alarm);
  alarms.value = next;
}

function put(map: Map<string, Alarm>, alarm: Alarm): void {
  const before = map.get(alarm.id);
  if (before && before.version > alarm.version) return;
  if (alarm.status === "normal") map.delete(alarm.id); else map.set(alarm.id, alarm);
}

export function startAlarms(): void {
  void load();
  new LiveStream(url("alarms/live"), { alarm: changed }, () => void load());
  // Also where the stream is closed: a hidden page still counts in its title.
  setInterval(() => { if (document.hidden || alarmsProblem.value) void load(); }, 30_000);
  setInterval(() => void load(), 300_000);
}

export type Action = "acknowledge" | "shelve" | "unshelve" | "comment" | "out-of-service" | "return-to-service";

/** Does something with alarms, a few at a time; answers what was refused. */
export async function act(ids: string[], action: Action, comment: string, time?: string): Promise<string[]> {
  const refused: string[] = [];
  const waiting = [...ids];
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        const answer = await send("post", "alarms/{id}/{action}", { id, action }, { by: actor(), ...(comment ? { comment } : {}), ...(time ? { for: time } : {}) });
        if (answer.change) take(answer.change.alarm);
      } catch (error) {
        const alarm = alarms.value.get(id);
        refused.push(`${alarm ? `${alarm.device} ${alarm.source}` : id}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return refused;
}
