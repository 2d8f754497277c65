import type { Answer } from "./client";
import type { components } from "./schema";

// What the API answers, by names of the console. All of it follows from the API's own description (schema.d.ts).
type Schemas = components["schemas"];

export type Device = Schemas["Device"];
export type Latest = Schemas["Latest"];
export type CatalogueDevice = Schemas["CatalogueDevice"];
export type CatalogueSensor = Schemas["CatalogueSensor"];
export type CataloguePattern = Schemas["CataloguePattern"];
export type Incident = Schemas["Incident"];
export type DeviceEvent = Schemas["DeviceEvent"];
export type Alarm = Schemas["Alarm"];
export type AlarmChange = Schemas["AlarmChange"];
export type AlarmHistory = Schemas["AlarmHistoryRow"];
export type AlarmStats = Schemas["AlarmStatistics"];
export type Priority = Alarm["priority"];
export type Pipeline = Schemas["Pipeline"];
export type Command = Schemas["Command"];
export type DeadLetter = Schemas["DeadLetter"];
export type Statistics = Schemas["SeriesStatistics"];
export type ManySeries = Schemas["ManySeries"];
export type Detectors = Answer<"get", "detectors">;
export type DetectorsInForce = Answer<"get", "devices/{device}/sensors/{sensor}/detectors">;
export type Session = Schemas["SessionAnswer"];
export type AuditEntry = Schemas["AuditEntry"];
export type UserView = Schemas["UserView"];
export type TokenView = Schemas["TokenView"];
export type Topic = Schemas["Topic"];
export type Horizon = Answer<"get", "store/horizon">["tables"][number];

export interface RawColumns { t: number[]; value: (number | null)[]; quality: number[] }
export interface BucketColumns { t: number[]; min: (number | null)[]; max: (number | null)[]; mean: (number | null)[]; count: number[] }

/** One series as a chart draws it, out of an answer that has many. */
export interface Series { meta: Schemas["Meta"]; source: string; raw: boolean; stepMs: number; tz: string | null; columns: RawColumns | BucketColumns; completeFrom: string | null; from: string; to: string }

// Documents that the API passes on as they are, and live events, are in no schema: docs/alarms.md, docs/detectors.md, docs/api.md.
export interface LiveReading { device: string; sensor: string; t: number; value: number | null; quality?: number; clockAhead?: boolean }
export interface Rule { device?: string; sensor?: string; tag?: string; detectors: (string | Record<string, unknown>)[] }
export interface AlarmRule { name: string; type: string; devices?: string; sensor?: string; above?: number; below?: number; priority?: Priority }
