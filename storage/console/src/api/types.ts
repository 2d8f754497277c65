// What the query API answers (docs/api.md). Times of series are Unix milliseconds. Fields of the catalogue are absent where nothing is known.
export interface Meta { watermark: string | null; freshness: number | null; completeness: number | null; behind: number | null; asOf: string; truncated: boolean }

export interface Place { enterprise?: string; site?: string; area?: string; line?: string; cell?: string }

export interface Device {
  device: string; sensors: number; readings: number; lastSeen: string | null; clockAhead: boolean; aheadTime: string | null;
  displayName?: string | null; type?: string | null; enterprise?: string | null; site?: string | null; area?: string | null; line?: string | null;
  cell?: string | null; tags?: string[] | null;
}

export interface Latest {
  device: string; sensor: string; time: string | null; value: number | null; special: string; quality: number; clockAhead: boolean; aheadTime?: string;
  unit?: string | null; displayName?: string | null; decimals?: number | null;
}

/** What the catalogue says of a device or a sensor; null is not known. */
export interface CatalogueEntry {
  device: string; sensor?: string; displayName: string | null; description: string | null; tags: string[]; version: number; sources: string[]; edited: Record<string, unknown> | null;
  type?: string | null; enterprise?: string | null; site?: string | null; area?: string | null; line?: string | null; cell?: string | null; expectedInterval?: string | null;
  kind?: string | null; unit?: string | null; unitCode?: string | null; low?: number | null; high?: number | null; loLo?: number | null; lo?: number | null; hi?: number | null; hiHi?: number | null;
  ratePerMinute?: number | null; decimals?: number | null; states?: Record<string, string>;
}

export interface RawColumns { t: number[]; value: (number | null)[]; quality: number[] }
export interface BucketColumns { t: number[]; min: (number | null)[]; max: (number | null)[]; mean: (number | null)[]; count: number[] }
export interface Series { meta: Meta; source: string; raw: boolean; stepMs: number; columns: RawColumns | BucketColumns; completeFrom: string | null }

export interface Statistics {
  readings: number; used: number; notFinite: number; min: number | null; max: number | null; mean: number | null; deviation: number | null;
  p05: number | null; p50: number | null; p95: number | null; uncertain: number; bad: number; within: number | null;
}

export interface Incident {
  time: string; id: string; state: string; device: string; sensor: string; kind: string; severity: number; text: string; lastTime: string; endTime: string | null;
  value: number | null; sensors: string[]; detectors: string[];
}

export interface DeviceEvent { time: string; device: string; kind: string; detail: string; figure: number | null }

export type Priority = "low" | "medium" | "high" | "critical";

export interface Alarm {
  id: string; device: string; sensor: string | null; source: string; kind: string; priority: Priority; status: string; active: boolean; text: string;
  value: number | null; unit: string | null; since: string; raised: string | null; cleared: string | null; acknowledged: string | null; acknowledgedBy: string | null;
  changed: string; comment: string | null; commentBy: string | null; shelvedUntil: string | null; inhibitedBy: string | null; occurrences: number; version: number;
}

export interface AlarmChange { id: string; time: string; transition: string; alarm: Alarm }

export interface AlarmHistory {
  time: string; id: string; device: string; sensor: string | null; source: string; priority: Priority; transition: string; status: string; active: boolean; text: string;
  by: string | null; comment: string | null; raised: string | null; cleared: string | null;
}

export interface Quantiles { p50: number; p95: number; p99: number }
export interface Lag { group: string; topic: string; partition: number; records: number; seconds: number }
export interface Pipeline {
  meta: Meta; roles: string[];
  rates: { received: number | null; acked: number | null; publishes: number | null; stored: number | null; rolledUp: number | null; anomalies: number | null };
  lag: Lag[];
  latency: { pubackMs: Quantiles | null; e2eMs: Quantiles | null };
  connections: number | null; deadLetters: number | null; duplicates: number | null; watermark: string | null; freshness: number | null; completeness: number | null;
}

export interface LiveReading { device: string; sensor: string; t: number; value: number | null; quality?: number; clockAhead?: boolean }

export interface Command {
  id: string; device: string; name: string; status: string; payload: unknown; issued: string; expires: string; by: string | null; sent: string | null; answered?: string | null; answer?: unknown;
}

export interface Rule { device?: string; sensor?: string; tag?: string; detectors: (string | Record<string, unknown>)[] }
export interface Detectors { version: number; at?: string; by?: string; comment?: string; settings: { rules?: Rule[] } & Record<string, unknown>; known: { detector: string; parameters: Record<string, string> }[] }
export interface Backtest { count: number; readings: number; hits: { time: string; value?: number; kind: string; detector: string; text: string }[] }

export interface AlarmRule { name: string; type: string; devices?: string; sensor?: string; above?: number; below?: number; priority?: Priority }
export interface AlarmRules { version: number; rules: { rules?: AlarmRule[] } | null }

export interface Session {
  user: string; role: string | null; kind: string; devices: string[]; open: boolean; canSignOut: boolean;
  antiforgery: { header: string; token: string } | null;
}

export interface AuditEntry { time: string; text: string; properties: Record<string, string> }
export interface UserView { name: string; role: string; mqtt: boolean; certificate: boolean; password: boolean; devices: string[] }
export interface TokenView { id: string; owner: string; role: string; devices: string[]; label: string; created: string; expires: string }
