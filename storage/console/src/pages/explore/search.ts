import { get } from "../../api/client";

export interface Found { series: string; device: string; sensor: string; name: string }
export interface Answer { found: Found[]; more: boolean }

const DEVICES = 8, SENSORS = 60, SHOWN = 40;

/** Series whose device and sensor have the words in their names: "press-07 temp", "press-07/temperature", "temp". */
export async function search(text: string, signal: AbortSignal): Promise<Answer> {
  const words = text.trim().split(/[\s/]+/).filter(Boolean), [first = "", ...rest] = words;
  const { devices, next } = await get("devices", { search: first, limit: DEVICES }, signal);
  const exact = [...devices].sort((a, b) => Number(b.device === first) - Number(a.device === first));
  if (devices.length) {
    const sensor = rest.at(-1) ?? "";
    const lists = await Promise.all(exact.slice(0, sensor || devices.length <= 3 ? DEVICES : 3).map(({ device }) =>
      get("devices/{device}/sensors", { device, search: sensor, limit: SENSORS }, signal)
        .then(({ sensors }) => sensors.map((one): Found => ({ series: `${device}/${one.sensor}`, device, sensor: one.sensor, name: one.displayName ?? "" })))));
    const found = lists.flat().filter((one) => words.every((word) => one.series.toLowerCase().includes(word.toLowerCase()) || one.name.toLowerCase().includes(word.toLowerCase())));
    if (found.length || rest.length) return { found: found.slice(0, SHOWN), more: next !== null || found.length > SHOWN };
  }
  // No device is called so: a sensor, of every device that has it.
  const { sensors } = await get("sensors", { search: first, limit: 3 }, signal);
  const series = await Promise.all(sensors.map(({ sensor }) => get("latest", { sensor, limit: 20 }, signal)));
  const found = series.flatMap((answer) => answer.latest.map((row): Found => ({ series: `${row.device}/${row.sensor}`, device: row.device, sensor: row.sensor, name: row.displayName ?? "" })));
  return { found: found.slice(0, SHOWN), more: series.some((answer) => answer.next !== null) };
}
