import { get, send, type Anomaly, type Backtest, type Detectors, type Rule } from "./api";
import { byId, el } from "./dom";

/** Other detectors tried on the past of the sensor shown: what they would have raised stands over the chart, then they can be put in force. */
export class Trial {
  private hits: Anomaly[] = [];
  private of = "";
  private version = 0;
  private rules: Rule[] = [];
  private settings: Record<string, unknown> = {};
  private readonly detector = byId<HTMLSelectElement>("trial-detector");
  private readonly parameters = byId<HTMLInputElement>("trial-parameters");
  private readonly result = byId("trial-result");

  constructor(
    private readonly shown: () => { device: string; sensor: string; from: number; to: number },
    private readonly redraw: () => void,
  ) {
    byId<HTMLDetailsElement>("trial").addEventListener("toggle", () => void this.open());
    this.detector.addEventListener("change", () => { this.parameters.value = ""; this.hint(); });
    byId("trial-run").addEventListener("click", () => void this.run());
    byId("trial-apply").addEventListener("click", () => void this.apply(this.shown().device));
    byId("trial-apply-all").addEventListener("click", () => void this.apply(undefined));
  }

  /** What would have been raised on a series; nothing when another one was tried. */
  marks(device: string, sensor: string): Anomaly[] { return this.of === `${device}/${sensor}` ? this.hits : []; }

  private async open(): Promise<void> {
    if (!byId<HTMLDetailsElement>("trial").open) { this.hits = []; this.redraw(); return; }
    if (this.detector.options.length) return;
    await this.say("Loading …", async () => {
      const { known } = await get<Detectors>("detectors");
      this.detector.replaceChildren(...known.map((one) => {
        const option = el("option", { value: one.detector }, one.detector);
        option.dataset["hint"] = Object.entries(one.parameters).map(([name, value]) => `${name}=${value}`).join(", ");
        return option;
      }));
      this.hint();
      return "";
    });
  }

  private hint(): void { this.parameters.placeholder = this.detector.selectedOptions[0]?.dataset["hint"] || "no parameters"; }

  private chosen(): Rule["detectors"] {
    const pairs = this.parameters.value.split(",").map((text) => text.trim()).filter(Boolean).map((text) => text.split("=", 2) as [string, string]);
    return [pairs.length ? { detector: this.detector.value, ...Object.fromEntries(pairs.map(([name, value]) => [name.trim(), (value ?? "").trim()])) } : this.detector.value];
  }

  private async run(): Promise<void> {
    const { device, sensor, from, to } = this.shown();
    await this.say("Running …", async () => {
      const answer = await send<Backtest>("POST", `devices/${encodeURIComponent(device)}/sensors/${encodeURIComponent(sensor)}/backtest`,
        { rules: [{ detectors: this.chosen() }] }, { from: Math.floor(from), to: Math.ceil(to), limit: 500 });
      this.of = `${device}/${sensor}`;
      this.hits = answer.hits.map((hit) => ({
        time: hit.time, device, sensor, kind: "trial", value: hit.value ?? null, score: null, pValue: 0, detector: `${hit.detector} (tried)`, reason: hit.text,
      }));
      this.redraw();
      return `Would have fired ${answer.count} times in this range, ${answer.readings} readings with the day before.`;
    });
  }

  private async apply(device: string | undefined): Promise<void> {
    const { sensor } = this.shown();
    await this.say("Applying …", async () => {
      const now = await get<Detectors>("detectors");
      this.version = now.version;
      this.settings = now.settings;
      this.rules = (now.settings.rules ?? []).filter((rule) => rule.tag !== undefined || (rule.device ?? "*") !== (device ?? "*") || (rule.sensor ?? "*") !== sensor);
      const rule: Rule = { ...(device === undefined ? {} : { device }), sensor, detectors: this.chosen() };
      const { version } = await send<Detectors>("PUT", "detectors", { ...this.settings, rules: [rule, ...this.rules] },
        { expected: this.version, source: "backtest", comment: `${sensor} of ${device ?? "all devices"}, tried in the console` });
      return `Version ${version} is in force.`;
    });
  }

  private async say(busy: string, work: () => Promise<string>): Promise<void> {
    this.result.textContent = busy;
    try {
      this.result.textContent = await work();
    } catch (error) {
      this.result.textContent = (error as Error).message;
    }
  }
}
