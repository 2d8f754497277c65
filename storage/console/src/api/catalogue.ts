import { ApiError, get } from "./client";
import { limitsByRules } from "./rules";
import type { CatalogueSensor } from "./types";

/** What is known of a sensor: how its values are written, and where its limits lie. */
export interface SensorInfo {
  name: string; unit: string; decimals: number | null; low: number | null; high: number | null; limits: { label: string; value: number; isAlarm: boolean }[];
  /** Names of the values of a state. */
  states: Record<string, string>;
}

const KEPT_MS = 60_000, DEVICES_MAX = 500;
const known = new Map<string, { at: number; sensors: Promise<Map<string, SensorInfo>> }>();

/** The sensors of a device. Kept for a minute. */
export function sensorsOf(device: string): Promise<Map<string, SensorInfo>> {
  const before = known.get(device);
  if (before && Date.now() - before.at < KEPT_MS) return before.sensors;
  if (known.size >= DEVICES_MAX) known.clear();
  const sensors = read(device).catch(() => { known.delete(device); return new Map<string, SensorInfo>(); });
  known.set(device, { at: Date.now(), sensors });
  return sensors;
}

async function read(device: string): Promise<Map<string, SensorInfo>> {
  const entries = await entriesOf(device);
  return new Map(await Promise.all(entries.map(async (entry): Promise<[string, SensorInfo]> => {
    const named: [string, number | null | undefined, boolean][] = [
      ["lowest", entry.low, false], ["LoLo", entry.loLo, true], ["Lo", entry.lo, true], ["Hi", entry.hi, true], ["HiHi", entry.hiHi, true], ["highest", entry.high, false],
    ];
    const own = named.filter((one): one is [string, number, boolean] => typeof one[1] === "number").map(([label, value, isAlarm]) => ({ label, value, isAlarm }));
    return [entry.sensor ?? "", {
      name: entry.displayName ?? "", unit: entry.unit ?? "", decimals: entry.decimals ?? null, states: entry.states ?? {},
      low: entry.lo ?? entry.low ?? null, high: entry.hi ?? entry.high ?? null, limits: [...own, ...(await limitsByRules(device, entry.sensor ?? ""))],
    }];
  })));
}

/** By the catalogue; where there is none, sensors by what they have sent. */
async function entriesOf(device: string): Promise<Partial<CatalogueSensor>[]> {
  try {
    return (await get("catalogue/devices/{device}/sensors", { device })).sensors;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) throw error;
    return (await get("latest", { device, limit: 1000 })).latest.map(({ sensor }) => ({ sensor }));
  }
}

/** What was kept of a device is not asked for again until it is looked at. */
export const forget = (device: string): void => { known.delete(device); };
