import { signal } from "@preact/signals";
import type { Alarm } from "../api/types";

/** Sound is off until a person asks for it; a browser plays none before a click either. */
export const sound = signal(false);

let context: AudioContext | null = null;
let quietUntil = 0;

export function switchSound(): void {
  sound.value = !sound.value;
  if (sound.value) { context ??= new AudioContext(); void context.resume(); tone(660, 0); }
}

/** Two tones for a new alarm, three and higher for a critical one; at most one such signal in two seconds. */
export function announce(alarm: Alarm): void {
  if (!sound.value || Date.now() < quietUntil) return;
  quietUntil = Date.now() + 2000;
  const isCritical = alarm.priority === "critical";
  (isCritical ? [880, 1175, 880] : [660, 880]).forEach((hertz, i) => tone(hertz, i * 0.18));
}

function tone(hertz: number, after: number): void {
  if (!context) return;
  const start = context.currentTime + after, gain = context.createGain(), wave = context.createOscillator();
  wave.frequency.value = hertz;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.2, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.16);
  wave.connect(gain).connect(context.destination);
  wave.start(start);
  wave.stop(start + 0.17);
}
