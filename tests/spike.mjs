// Reads what `telemetry lag --watch --json` printed: the worst lag of a group over the readings, over time, and when it was last
// above ten seconds.
import { readFileSync } from "node:fs";

const looks = readFileSync(process.argv[2], "utf8").trim().split("\n").flatMap((line) => {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
});
const start = Date.parse(looks[0].at);
const groups = [...new Set(looks.flatMap((look) => look.groups.map((g) => g.group)))];
console.log(`| s | ${groups.join(" | ")} |`);
console.log(`|---|${groups.map(() => "---|").join("")}`);
const worst = (look, group) => {
  const lags = look.groups.filter((g) => g.group === group && g.topic === "telemetry.readings.v1");
  return { records: lags.reduce((sum, g) => sum + g.records, 0), seconds: Math.max(0, ...lags.map((g) => g.seconds)) };
};
let last = 0;
for (const look of looks) {
  const second = (Date.parse(look.at) - start) / 1000;
  if (second >= last) {
    console.log(`| ${second.toFixed(0)} | ${groups.map((g) => `${worst(look, g).records} records, ${worst(look, g).seconds.toFixed(1)} s`).join(" | ")} |`);
    last = Math.floor(second / 5) * 5 + 5;
  }
}
for (const group of groups) {
  const peak = Math.max(...looks.map((look) => worst(look, group).seconds));
  const records = Math.max(...looks.map((look) => worst(look, group).records));
  const above = looks.filter((look) => worst(look, group).seconds > 10).map((look) => (Date.parse(look.at) - start) / 1000);
  console.log(`${group}: most ${records} records, ${peak.toFixed(1)} s behind; above 10 s ${above.length === 0 ? "never" : `from ${above[0].toFixed(1)} to ${above.at(-1).toFixed(1)} s`}`);
}
