// Measures the console of a running platform in Chromium with an empty cache: bytes and times of the first load, and of changes of the range.
//   node tests/console-figures.mjs http://127.0.0.1:8080 press-00000/temperature press-00000/pressure press-00001/temperature
// Without series it opens Plant once and ends when its chart is drawn. Prints JSON. The browser is the one that TELEMETRY_CHROMIUM names, else /usr/bin/chromium.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [origin, ...series] = process.argv.slice(2);
if (!origin) { console.error("usage: node tests/console-figures.mjs URL [DEVICE/SENSOR...]"); process.exit(2); }

const RANGES = ["5m", "15m", "1h", "6h", "24h", "7d"], PATIENCE_MS = 60_000, TIMES = 3;

const profile = mkdtempSync(join(tmpdir(), "telemetry-figures-"));
const browser = spawn(process.env.TELEMETRY_CHROMIUM ?? "/usr/bin/chromium",
  ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe", `--user-data-dir=${profile}`],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });

// Chrome DevTools Protocol over pipes: JSON, each message ended by a zero byte.
const waiting = new Map(), listeners = new Set();
let last = 0, rest = "";
browser.stdio[4].setEncoding("utf8").on("data", (text) => {
  const parts = (rest + text).split("\0");
  rest = parts.pop() ?? "";
  for (const part of parts) {
    const message = JSON.parse(part);
    if (message.id) { const done = waiting.get(message.id); waiting.delete(message.id); done?.(message); }
    else for (const listener of listeners) listener(message);
  }
});
const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
  waiting.set(++last, ({ result, error }) => error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result));
  browser.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId }) + "\0");
});

/** A page in a context of its own, so with an empty cache. */
async function open() {
  const { browserContextId } = await send("Target.createBrowserContext");
  const { targetId } = await send("Target.createTarget", { url: "about:blank", browserContextId, width: 1280, height: 800 });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  await Promise.all(["Page.enable", "Network.enable", "Runtime.enable"].map((method) => send(method, {}, sessionId)));
  const value = async (expression) => (await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId)).result.value;
  return { sessionId, value, close: () => send("Target.disposeBrowserContext", { browserContextId }) };
}

/** Waits in the page, frame by frame, until the expression holds; milliseconds of the page's clock. */
const until = (page, expression, doing = "") => page.value(`new Promise((done, failed) => {
  const begin = performance.now(), late = begin + ${PATIENCE_MS};
  ${doing};
  const look = () => { if (${expression}) done(performance.now() - begin); else if (performance.now() > late) done(null); else requestAnimationFrame(look); };
  look();
})`);

const drawn = (count) => `document.querySelectorAll("#legend tr[data-state=ready]").length === ${count} && Number(document.querySelector(".plot")?.dataset.points) > 0`;
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Opens an address; from the start of the navigation until the expression holds. */
async function load(address, expression) {
  const page = await open(), files = new Map();
  const listener = ({ method, params, sessionId }) => {
    if (sessionId !== page.sessionId) return;
    if (method === "Network.responseReceived") files.set(params.requestId, { url: params.response.url, type: params.type, bytes: 0 });
    if (method === "Network.loadingFinished" && files.has(params.requestId)) files.get(params.requestId).bytes = params.encodedDataLength;
  };
  listeners.add(listener);
  await send("Page.navigate", { url: origin + address }, page.sessionId);
  await until(page, expression);
  const ms = await page.value("performance.now()");
  const held = await page.value(expression);
  listeners.delete(listener);
  const own = [...files.values()].filter((file) => ["Document", "Script", "Stylesheet", "Image", "Font", "Other"].includes(file.type) && !file.url.includes("/api/"));
  await page.close();
  return { ms: held ? Math.round(ms) : null, files: own.length, bytes: own.reduce((sum, file) => sum + file.bytes, 0) };
}

async function several(address, expression) {
  const runs = [];
  for (let i = 0; i < TIMES; i++) runs.push(await load(address, expression));
  return { ms: runs.map((run) => run.ms), bytes: runs[0].bytes, files: runs[0].files };
}

const PLANT = `Number(document.querySelector(".plot")?.dataset.points) > 0`;

async function all() {
  const explore = `/explore?range=6h${series.map((one) => `&s=${one}`).join("")}`;
  const figures = {
    plant: await several("/plant", PLANT),
    devices: await several("/devices", `document.querySelectorAll("#devices tbody tr:not(.space)").length > 5`),
    explore: await several(explore, drawn(series.length)),
    rangeMs: {},
  };
  const page = await open();
  await send("Page.navigate", { url: origin + explore }, page.sessionId);
  await until(page, drawn(series.length));
  for (let i = 0; i < TIMES; i++) {
    for (const range of RANGES) {
      const click = `const before = document.querySelector(".plot").dataset.window; [...document.querySelectorAll("#ranges button")].find((button) => button.textContent === "${range}").click()`;
      (figures.rangeMs[range] ??= []).push(Math.round(await until(page, `document.querySelector(".plot").dataset.window !== before && ${drawn(series.length)}`, click)));
      await page.value("new Promise((done) => setTimeout(done, 300))");
    }
  }
  figures.rangeMedianMs = Object.fromEntries(Object.entries(figures.rangeMs).map(([range, list]) => [range, median(list)]));
  await page.close();
  return figures;
}

try {
  console.log(JSON.stringify(series.length ? await all() : await load("/plant", PLANT), null, 1));
} finally {
  await send("Browser.close").catch(() => {});
  await new Promise((done) => browser.exitCode !== null ? done() : browser.once("exit", done));
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
