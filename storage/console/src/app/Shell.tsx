import { useEffect } from "preact/hooks";
import { age, ms, short } from "../lib/format";
import { Zone } from "../ui/Zone";
import { unacknowledged } from "./alarms";
import { away, freshness, pipeline, stalest } from "./health";
import { here } from "./router";
import { session, signOut } from "./session";
import { sound, switchSound } from "./sound";
import { switchTheme, theme } from "./theme";
import type { ComponentChildren } from "preact";

const PAGES: [string, string][] = [["/plant", "Plant"], ["/explore", "Explore"], ["/devices", "Devices"], ["/catalogue", "Catalogue"], ["/pipeline", "Pipeline"], ["/dashboards", "Dashboards"]];

export function Shell({ children }: { children: ComponentChildren }) {
  const path = here.value.pathname === "/" ? "/plant" : here.value.pathname;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
      <header id="top">
        <a class="brand" href="/plant"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 13h4l3-8 5 15 3-7h5" /></svg><span>Telemetry</span></a>
        <nav aria-label="Pages">
          {PAGES.map(([to, name]) => (
            <a key={to} href={to} aria-current={path === to || path.startsWith(`${to}/`) ? "page" : undefined}>
              {name}{to === "/plant" && unacknowledged.value > 0 && <b class="count" title="alarms that nobody has acknowledged">{unacknowledged.value}</b>}
            </a>
          ))}
        </nav>
        <Freshness />
        <Zone />
        <Who />
        <button class="icon" aria-pressed={sound.value} onClick={switchSound} title="Sound for new alarms" aria-label="Sound for new alarms"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4" />{!sound.value && <path d="M3 3l18 18" />}</svg></button>
        <button id="theme" class="icon" onClick={switchTheme} title="Switch between dark and light" aria-label="Switch between dark and light"><svg viewBox="0 0 24 24" aria-hidden="true">{theme.value === "dark" ? <path d="M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z" /> : <path d="M12 7a5 5 0 1 0 0 10a5 5 0 0 0 0-10zM12 1v3M12 20v3M1 12h3M20 12h3M4 4l2 2M18 18l2 2M4 20l2-2M18 6l2-2" />}</svg></button>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
    </>
  );
}

/** How old what is shown is: of the devices on the page where there are some, else of the whole pipeline. */
function Freshness() {
  const device = stalest();
  const seconds = device ? device.seconds : freshness();
  const state = away.value ? "red" : seconds === null ? "grey" : seconds < 10 ? "green" : seconds < 60 ? "amber" : "red";
  const whose = device ? device.device : "Data";
  const text = away.value ? "No connection"
    : seconds === null ? "No data yet"
    : seconds === Infinity ? `${whose}: no reading up to now`
    : seconds < 10 ? (device ? `${whose} is live` : "Data is fresh")
    : `${whose}: last reading ${age(seconds)} ago`;
  return <div id="fresh" class="badge" data-state={state} role="status" title={device ? "The device on this page that has been silent longest" : "Age of the newest reading stored"}>{text}</div>;
}

function Who() {
  const who = session.value;
  if (!who) return null;
  if (who.open) {
    return <span id="who" class="badge" data-state="amber" title="Whoever is on this machine reads and acts. Make a user: telemetry users add NAME --role administrator --users-file FILE">open: no users yet</span>;
  }
  return (
    <>
      <span id="who" class="badge" title={who.devices.length ? `Sees ${who.devices.join(", ")}` : "Sees all devices"}>{who.user} · {who.role ?? "no role"}</span>
      {who.canSignOut && <button id="signout" onClick={() => void signOut()}>Sign out</button>}
    </>
  );
}

/** The pipeline in one line. */
export function HealthLine() {
  const p = pipeline.value;
  if (!p) return <p class="muted">{away.value ? "The server does not answer. Trying again." : "Loading …"}</p>;
  const lag = p.lag.length ? Math.max(...p.lag.map((one) => one.seconds)) : null;
  const behind = p.lag.length ? p.lag.reduce((sum, one) => sum + one.records, 0) : p.meta.behind;
  const items: [string, string, string, boolean][] = [
    ["in", short(p.rates.received), "readings/s in", false],
    ["stored", short(p.rates.stored), "stored/s", false],
    ["lag", lag === null ? short(behind) : `${short(lag)} s`, lag === null ? "behind" : "lag", (lag ?? 0) > 30],
    ["e2e", `${ms(p.latency.e2eMs?.p50)} / ${ms(p.latency.e2eMs?.p95)}`, "e2e p50 / p95", (p.latency.e2eMs?.p95 ?? 0) > 10_000],
    ["dead", short(p.deadLetters), "dead letters", (p.deadLetters ?? 0) > 0],
    ["connections", short(p.connections), "connections", false],
  ];
  return (
    <dl class="line" aria-label="Pipeline health">
      {items.map(([id, value, label, isBad]) => <div key={id} id={`h-${id}`} class={isBad ? "warn" : ""}><dt>{label}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** The page's name in the browser's tab, with the alarms that nobody has acknowledged. */
export function useTitle(name: string): void {
  const count = unacknowledged.value;
  useEffect(() => { document.title = `${count ? `(${count}) ` : ""}${name} · Telemetry`; }, [name, count]);
}
