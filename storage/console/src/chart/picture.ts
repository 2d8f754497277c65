import type { Limit, Mark } from "./marks";
import type { Simulated } from "./simulated";
import type { Trace } from "./trace";

/** All that a chart draws. */
export interface Picture { traces: Trace[]; hidden: ReadonlySet<string>; marks: Mark[]; limits: Limit[]; simulated: Simulated[]; window: [number, number]; zone: string; theme: string }
