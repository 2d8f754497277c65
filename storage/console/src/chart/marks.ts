import type { AlarmHistory, Incident, Priority } from "../api/types";

/** Something that happened, drawn over the time it lasted. */
export interface Mark { kind: "alarm" | "incident" | "trial"; from: number; to: number | null; device: string; sensor: string | null; title: string; text: string; colour: string; value: number | null }

/** A line across the chart. */
export interface Limit { axis: string; value: number; label: string; colour: string }

export const priorityColour: Record<Priority, string> = { critical: "--critical", high: "--high", medium: "--medium", low: "--low" };

export const ofIncident = (incident: Incident): Mark => ({
  kind: "incident", from: Date.parse(incident.time), to: incident.endTime ? Date.parse(incident.endTime) : incident.state === "ended" ? Date.parse(incident.lastTime) : null,
  device: incident.device, sensor: incident.sensor || null, title: incident.kind, text: incident.text, colour: "--incident", value: incident.value,
});

/** Alarms out of their history (newest first): from the time one was raised to the time it cleared. */
export function ofHistory(history: AlarmHistory[], now: number): Mark[] {
  const marks: Mark[] = [], open = new Map<string, Mark>();
  for (const change of [...history].reverse()) {
    const t = Date.parse(change.time);
    if (change.transition === "raised") {
      const mark: Mark = {
        kind: "alarm", from: change.raised ? Date.parse(change.raised) : t, to: null, device: change.device, sensor: change.sensor,
        title: `${change.source} · ${change.priority}`, text: change.text, colour: priorityColour[change.priority as Priority] ?? "--low", value: null,
      };
      marks.push(mark);
      open.set(change.id, mark);
    } else if (!change.active) {
      const mark = open.get(change.id);
      if (mark) mark.to = change.cleared ? Date.parse(change.cleared) : t;
      open.delete(change.id);
    }
  }
  return marks.filter((mark) => mark.from <= now);
}
