import { get } from "./client";
import type { AlarmRule } from "./types";

const KEPT_MS = 60_000;
let kept: { at: number; rules: Promise<AlarmRule[]> } | null = null;

/** Alarm rules in force. Kept for a minute; none where there is no alarms role. */
function rules(): Promise<AlarmRule[]> {
  if (!kept || Date.now() - kept.at > KEPT_MS) {
    kept = { at: Date.now(), rules: get("alarms/rules").then((answer) => (answer.rules?.["rules"] ?? []) as AlarmRule[], () => { kept = null; return []; }) };
  }
  return kept.rules;
}

/** "*" is any run of characters, "?" one; no pattern is everything. */
const fits = (name: string, pattern: string | undefined): boolean =>
  pattern === undefined || new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);

/** Limits that alarm rules set for a sensor. */
export async function limitsByRules(device: string, sensor: string): Promise<{ label: string; value: number; isAlarm: boolean }[]> {
  return (await rules())
    .filter((rule) => rule.type === "threshold" && fits(device, rule.devices) && fits(sensor, rule.sensor))
    .flatMap((rule) => [rule.above, rule.below].filter((value): value is number => typeof value === "number").map((value) => ({ label: rule.name, value, isAlarm: true })));
}
