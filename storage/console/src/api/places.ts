import { signal } from "@preact/signals";
import type { Device } from "./types";

/** Where devices are, by the catalogue; filled by whoever has loaded devices. */
const places = signal<ReadonlyMap<string, string>>(new Map());

export const LEVELS = ["enterprise", "site", "area", "line", "cell"] as const;

export const pathOf = (device: Device): string[] => LEVELS.map((level) => device[level] ?? "").filter(Boolean);

export const placeOf = (device: string): string => places.value.get(device) ?? "";

export function learn(devices: Device[]): void {
  const found = devices.filter((device) => pathOf(device).length);
  if (found.length) places.value = new Map(found.map((device) => [device.device, pathOf(device).slice(-3).join(" › ")]));
}
