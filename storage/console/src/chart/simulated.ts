import { seen } from "../app/health";
import { deviceOf } from "./view";

/** A stretch of time whose readings a simulator played at once, as a past that never was. */
export interface Simulated { from: number; to: number; devices: string[] }

/** What of a window is simulated history of the series shown. */
export function simulatedIn(series: string[], [first, last]: [number, number]): Simulated[] {
  const devices = new Set(series.map(deviceOf)), found = new Map<string, Simulated>();
  for (const one of seen.value) {
    if (!devices.has(one.device) || !one.simulated) continue;
    const [from, to] = one.simulated;
    if (to <= first || from >= last) continue;
    const key = `${from} ${to}`, before = found.get(key);
    if (before) before.devices.push(one.device); else found.set(key, { from, to, devices: [one.device] });
  }
  return [...found.values()];
}
