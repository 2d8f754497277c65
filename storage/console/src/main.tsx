import { render } from "preact";
import { startAlarms } from "./app/alarms";
import { startHealth } from "./app/health";
import { here, startRouter } from "./app/router";
import { loadSession } from "./app/session";
import { Shell, useTitle } from "./app/Shell";
import { startPrint } from "./app/print";
import "./app/theme";
import { Patterns } from "./pages/catalogue/Patterns";
import { Dashboards } from "./pages/dashboards/Dashboards";
import { DevicePage } from "./pages/device/DevicePage";
import { Devices } from "./pages/devices/Devices";
import { Explore } from "./pages/explore/Explore";
import { PipelinePage } from "./pages/pipeline/PipelinePage";
import { Plant } from "./pages/plant/Plant";
import "./style.css";

function Page() {
  const path = here.value.pathname.replace(/\/+$/, "") || "/plant";
  const [, page, name, more] = path.split("/");
  if (page === "plant" && !name) return <Plant />;
  if (page === "explore" && !name) return <Explore />;
  if (page === "devices" && !name) return <Devices />;
  if (page === "devices" && name && !more) return <DevicePage key={name} device={decodeURIComponent(name)} />;
  if (page === "catalogue" && !name) return <Patterns />;
  if (page === "pipeline" && !name) return <PipelinePage />;
  if (page === "dashboards" && !more) return <Dashboards key={name ?? ""} name={name ? decodeURIComponent(name) : ""} />;
  return <Missing path={path} />;
}

function Missing({ path }: { path: string }) {
  useTitle("Not found");
  return <section class="panel center"><h1>There is no page {path}</h1><p>The link may be old or mistyped. <a href="/plant">What is wrong in the plant now</a> · <a href="/explore">Explore</a> · <a href="/devices">Devices</a></p></section>;
}

startRouter();
startPrint();
void loadSession();
startHealth();
startAlarms();
render(<Shell><Page /></Shell>, document.getElementById("app")!);
