// A client made of the document, against a running API: what the types say is what comes.
import createClient from "openapi-fetch";
import type { paths } from "./generated.js";

// The JSON answers of calls that answer as CSV too.
const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: process.argv[2] });

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new Error(`${what} is missing`);
  }
  return value;
}

const devices = must((await client.GET("/api/v1/devices", { params: { query: { limit: 10 } } })).data, "devices");
const device = must(devices.devices.find((one) => one.device === "press-07"), "press-07");
const sensors: number = device.sensors;

const answer = must(
  (await client.POST("/api/v1/query", {
    body: { series: [{ device: device.device, sensor: "temperature" }], from: "now-1h", step: "10m", quantiles: [0.5] },
  })).data,
  "query",
);
const times: number[] = must(answer.t, "t");
const unit: string | null = must(answer.series[0], "a series").unit;

const refused = await client.GET("/api/v1/series", { params: { query: { device: "a b", sensor: "t" } } });
const problem = must(refused.error, "a problem");

console.log(JSON.stringify({ sensors, times: times.length, unit, problem: problem.parameter }));
