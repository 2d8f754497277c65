import { get, type Pipeline } from "./api";
import { byId, el } from "./dom";
import { age, ms, short } from "./format";

/** The strip at the top, and how old the data is. */
export class Health {
  private readonly strip = byId("health");
  private readonly badge = byId("fresh");
  private newest: number | null = null;
  private failed = false;

  start(): void {
    void this.poll();
    setInterval(() => this.freshness(), 1000);
  }

  private async poll(): Promise<void> {
    try {
      const pipeline = await get<Pipeline>("pipeline");
      this.failed = false;
      this.newest = pipeline.freshness === null ? null : Date.now() - pipeline.freshness * 1000;
      this.show(pipeline);
    } catch {
      this.failed = true;
    }
    this.freshness();
    setTimeout(() => void this.poll(), 2000);
  }

  private show(pipeline: Pipeline): void {
    const { rates, latency } = pipeline;
    const lag = pipeline.lag.length ? Math.max(...pipeline.lag.map((group) => group.seconds)) : null;
    const behind = pipeline.lag.length ? pipeline.lag.reduce((sum, group) => sum + group.records, 0) : pipeline.meta.behind;
    const items: [string, string, string, string][] = [
      ["in", short(rates.received), "readings/s in", `Readings received over MQTT each second${rates.publishes === null ? "" : `, in ${short(rates.publishes)} publishes`}`],
      ["stored", short(rates.stored), "stored/s", "Readings stored each second"],
      ["lag", lag === null ? short(behind) : `${short(lag)} s`, lag === null ? "behind" : "lag", `${short(behind)} records not done yet`],
      ["e2e", `${ms(latency.e2eMs?.p50)} / ${ms(latency.e2eMs?.p95)}`, "e2e p50 / p95", "From the device's clock to a row that can be queried"],
      ["dead", short(pipeline.deadLetters), "dead letters", "What was refused since start, kept with its cause"],
      ["devices", short(pipeline.connections), "connections", "MQTT connections open"],
      ["complete", pipeline.meta.completeness === null ? "–" : `${(Math.floor(pipeline.meta.completeness * 1e4) / 100)} %`, "of the log stored", "Share of the log that is stored"],
    ];
    this.strip.replaceChildren(...items.map(([id, value, label, title]) =>
      el("div", { id: `h-${id}`, title, class: id === "dead" && (pipeline.deadLetters ?? 0) > 0 ? "warn" : "" }, el("dd", {}, value), el("dt", {}, label))));
  }

  private freshness(): void {
    const seconds = this.newest === null ? null : Math.max(0, (Date.now() - this.newest) / 1000);
    const state = this.failed ? "red" : seconds === null ? "grey" : seconds < 10 ? "green" : seconds < 60 ? "amber" : "red";
    this.badge.dataset["state"] = state;
    this.badge.textContent = this.failed ? "No connection" : seconds === null ? "No data yet" : seconds < 10 ? "Data is fresh" : `Data is ${age(seconds)} old`;
  }
}
