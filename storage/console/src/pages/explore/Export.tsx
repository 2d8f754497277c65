import { useSignal } from "@preact/signals";
import { file, url } from "../../api/client";
import { named } from "../../api/series";
import type { BucketColumns, RawColumns, Series } from "../../api/types";
import { stepOf, type Line, type Loader } from "../../chart/Loader";
import { deviceOf, sensorOf, span, type View } from "../../chart/view";
import { copy, csv, download, save } from "../../lib/files";
import { offset, time, zone } from "../../lib/zone";
import { link } from "./Explore";

/** What is drawn as a file, all readings of the range as a file, a link, paper. */
export function Export({ view, loader }: { view: View; loader: Loader }) {
  const said = useSignal("");
  const say = (text: string) => { said.value = text; setTimeout(() => { said.value = ""; }, 4000); };
  const share = async (address: string) => { say(await copy(address) ? "Copied." : address); };
  if (!view.series.length) return null;
  return (
    <>
      <details class="menu" id="export">
        <summary>Export</summary>
        <div class="pop">
          <button id="export-shown" onClick={() => download(`${name(view)}.csv`, csv(rows(loader.lines.peek())), "text/csv")}>What is drawn, as CSV</button>
          {view.series.map((series) => (
            // The address is made when it is clicked: a live range has moved on since.
            <button key={series} class="readings" data-export={series} onClick={() => readings(view, series)}>All readings of {series}, as CSV</button>
          ))}
          {(["parquet", "arrow", "csv"] as const).map((format) => (
            <button key={format} data-format={format} onClick={() => void bulk(view, loader, format).catch((error: Error) => say(error.message))}>All series by the server, as {format === "csv" ? "CSV" : format === "arrow" ? "Arrow" : "Parquet"}</button>
          ))}
          <button id="print" onClick={(event) => { event.currentTarget.closest("details")?.removeAttribute("open"); print(); }}>Print</button>
        </div>
      </details>
      <details class="menu" id="share">
        <summary>Link</summary>
        <div class="pop">
          <button id="copy-link" onClick={() => void share(new URL(withZone(link(view)), location.href).href)}>Copy the link{view.range ? ", which follows time" : ""}</button>
          {view.range && <button onClick={() => { const [from, to] = span(view); void share(new URL(withZone(link({ ...view, range: "", from, to })), location.href).href); }}>Copy a link to just this range</button>}
        </div>
      </details>
      <span role="status" class="muted">{said.value}</span>
    </>
  );
}

/** A link says its zone, so that who opens it sees the same days. */
const withZone = (address: string): string => /[?&]tz=/.test(address) ? address : `${address}&tz=${zone.peek()}`;

function readings(view: View, series: string): void {
  const [from, to] = span(view), link = document.createElement("a");
  link.href = url<"get", "export">("export", { device: deviceOf(series), sensor: sensorOf(series), from: Math.floor(from), to: Math.ceil(to) });
  link.download = "";
  link.click();
}

/** What is drawn of all series, in one file that the server's engine writes: the same buckets, the same range, the same time before it. */
async function bulk(view: View, loader: Loader, format: "parquet" | "arrow" | "csv"): Promise<void> {
  const drawn = loader.lines.peek().find((line) => line.answer && line.shift === 0)?.answer;
  const step = drawn ? stepOf(drawn) : "auto";
  const content = await file("query", { format }, {
    series: view.series.map(named), ...rangeOf(view, drawn), step, ...(drawn?.tz ? { tz: drawn.tz } : {}), ...(view.versus ? { before: view.versus } : {}),
  });
  save(`${name(view)}.${format}`, content);
}

function rangeOf(view: View, drawn: Series | null | undefined): { from: string; to: string } {
  const [from, to] = span(view);
  return drawn ? { from: drawn.from, to: drawn.to } : { from: String(Math.floor(from)), to: String(Math.ceil(to)) };
}

function name(view: View): string {
  const [from, to] = span(view), plain = (t: number) => time(t).replace(/[ :]/g, "-");
  return `${view.series.length === 1 ? view.series[0]?.replace("/", "_").replaceAll("/", "-") : `${view.series.length}-series`}_${plain(from)}_${plain(to)}`;
}

/** Each point drawn as a row. What is compared has its own times, and a series of its own: press-07/temperature@1d. */
export function rows(lines: Line[]): (string | number | null)[][] {
  const local = (t: number) => { const by = offset(t, zone.peek()); return new Date(t + by).toISOString().replace("Z", offsetSuffix(by)); };
  const head = ["time", `time in ${zone.peek()}`, "device", "sensor", "series", "unit", "bucket_ms", "value", "min", "max", "readings", "quality"];
  return [head, ...lines.flatMap((line) => {
    const answer = line.answer;
    if (!answer || line.state === "missing") return [];
    const raw = answer.raw ? (answer.columns as RawColumns) : null, buckets = raw ? null : (answer.columns as BucketColumns);
    return answer.columns.t.map((t, i): (string | number | null)[] => [
      new Date(t).toISOString(), local(t), deviceOf(line.series), sensorOf(line.series), line.key, line.info?.unit ?? "", raw ? null : answer.stepMs,
      (raw ? raw.value[i] : buckets?.mean[i]) ?? null, buckets?.min[i] ?? null, buckets?.max[i] ?? null, buckets?.count[i] ?? null, raw ? ["good", "uncertain", "bad"][raw.quality[i] ?? 0] ?? "" : null,
    ]);
  })];
}

function offsetSuffix(by: number): string {
  const minutes = Math.round(Math.abs(by) / 6e4), two = (n: number) => String(n).padStart(2, "0");
  return by === 0 ? "Z" : `${by < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
