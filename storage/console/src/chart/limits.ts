import type { Line } from "./Loader";
import type { Limit } from "./marks";
import { sensorOf } from "./view";

/** Limits of the lines, each once: two devices of one kind have the same. */
export function limitsOf(lines: Line[]): Limit[] {
  const found = new Map<string, Limit>();
  for (const line of lines) {
    if (!line.info || line.shift) continue;
    const axis = line.info.unit ? `in ${line.info.unit}` : sensorOf(line.series);
    for (const limit of line.info.limits) {
      const several = lines.some((other) => sensorOf(other.series) !== sensorOf(line.series));
      found.set(`${axis} ${limit.label} ${limit.value}`, {
        axis, value: limit.value, label: several ? `${sensorOf(line.series)} ${limit.label}` : limit.label, colour: limit.isAlarm ? "--critical" : "--medium",
      });
    }
  }
  return [...found.values()];
}
