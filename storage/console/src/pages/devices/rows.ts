import { PRIORITIES } from "../../app/alarms";
import type { Alarm, Device } from "../../api/types";
import { secondsSince } from "../../lib/format";

export type Status = "live" | "late" | "silent" | "clock";
export interface Row { device: Device; status: Status; alarm: Alarm | null; path: string[] }

const LIVE_SECONDS = 60, SILENT_SECONDS = 600;

/** Silent by its own rhythm where detection says so, else after ten minutes. */
export function statusOf(device: Device, silent: ReadonlySet<string>, now: number): Status {
  if (device.clockAhead) return "clock";
  const seconds = secondsSince(device.lastSeen, now);
  if (seconds === null || silent.has(device.device)) return "silent";
  return seconds < LIVE_SECONDS ? "live" : seconds < SILENT_SECONDS ? "late" : "silent";
}

export const DOTS: Record<Status, string> = { live: "green", late: "amber", silent: "red", clock: "amber" };

const STATUSES: Status[] = ["silent", "clock", "late", "live"];

const KEYS: Record<string, (row: Row) => string | number> = {
  device: (row) => row.device.device,
  status: (row) => STATUSES.indexOf(row.status),
  seen: (row) => -Date.parse(row.device.lastSeen ?? "1970-01-01T00:00:00Z"),
  alarm: (row) => row.alarm ? PRIORITIES.indexOf(row.alarm.priority) : 9,
  place: (row) => row.path.join("/") || "\uffff",
  type: (row) => row.device.type ?? "\uffff",
};

const collator = new Intl.Collator("en", { numeric: true });

/** "seen" or "-seen" for the other way round. */
export function sorted(rows: Row[], sort: string): Row[] {
  const key = KEYS[sort.replace(/^-/, "")] ?? KEYS["device"]!, way = sort.startsWith("-") ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: key(row) }));
  keyed.sort((a, b) => way * (typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : collator.compare(String(a.key), String(b.key))) || collator.compare(a.row.device.device, b.row.device.device));
  return keyed.map((one) => one.row);
}
