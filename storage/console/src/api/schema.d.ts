// Made of the API's own description by tests/openapi/console-types.mjs; a test compares them. Not to be edited.
export interface paths {
    "/api/v1/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["alarms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["alarmHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["alarmLive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["alarmRules"];
        put: operations["alarmRulesPut"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/rules/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["alarmRulesCheck"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["alarmStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["alarm"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{id}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["alarmAction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/anomalies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["anomalies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["audits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backtests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["backtests"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["catalogue-check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/devices/{device}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-device"];
        put: operations["catalogue-device-put"];
        post?: never;
        delete: operations["catalogue-device-delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/devices/{device}/sensors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-sensors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/devices/{device}/sensors/{sensor}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-sensor"];
        put: operations["catalogue-sensor-put"];
        post?: never;
        delete: operations["catalogue-sensor-delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["catalogue-import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/patterns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-patterns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/patterns/{pattern}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["catalogue-pattern-put"];
        post?: never;
        delete: operations["catalogue-pattern-delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue/places": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue-places"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dashboards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dashboards"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dashboards/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dead-letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dead-letter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["dead-letter-replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/detectors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["detectors"];
        put: operations["detectorsPut"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/detectors/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["detectorsCheck"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/detectors/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["detectorsHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/device-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["device-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["device"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["commands"];
        put?: never;
        post: operations["commandIssue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}/commands/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["command"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}/sensors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["device-sensors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}/sensors/{sensor}/backtest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["backtest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device}/sensors/{sensor}/detectors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["detectorsOfSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["incidents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["lag"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/latest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["latest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pipeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["pipeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replays"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sensors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["sensors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sensors/{sensor}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["sensor-series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["sql"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["statistics"];
        put?: never;
        post: operations["statisticsOfMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/store/horizon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["store-horizon"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/store/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["store-plan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/store/size": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["store-size"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["tokens"];
        put?: never;
        post: operations["tokenAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["tokenRevoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/topics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["topics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Alarm: {
            id: string;
            device: string;
            sensor: null | string;
            source: string;
            kind: null | string;
            priority: "low" | "medium" | "high" | "critical";
            status: "normal" | "unacknowledged-active" | "acknowledged-active" | "returned-unacknowledged" | "shelved" | "suppressed" | "out-of-service";
            active: boolean;
            text: null | string;
            value: null | number;
            unit: null | string;
            since: null | string;
            raised: null | string;
            cleared: null | string;
            acknowledged: null | string;
            acknowledgedBy: null | string;
            changed: null | string;
            comment: null | string;
            commentBy: null | string;
            shelvedUntil: null | string;
            inhibitedBy: null | string;
            occurrences: number;
            incident: null | string;
            severity: number;
            version: number;
        };
        AlarmActionRequest: {
            by?: string;
            comment?: string;
            for?: string;
            until?: string;
        };
        AlarmChange: {
            id: string;
            time: string;
            transition: string;
            previous: string;
            by: null | string;
            comment: null | string;
            alarm: components["schemas"]["Alarm"];
        };
        AlarmHistoryRow: {
            time: string;
            id: string;
            change: string;
            device: string;
            sensor: null | string;
            source: string;
            kind: string;
            priority: string;
            transition: string;
            status: string;
            previous: string;
            active: unknown;
            text: string;
            value: null | number;
            unit: null | string;
            by: null | string;
            comment: null | string;
            raised: null | string;
            cleared: null | string;
            acknowledged: null | string;
            shelvedUntil: null | string;
            inhibitedBy: null | string;
            occurrences: number;
            incident: null | string;
            severity: number;
        };
        AlarmRules: {
            version: number;
            by: null | string;
            comment: null | string;
            time: null | string;
            rules: {
                [key: string]: unknown;
            };
        };
        AlarmStatistics: {
            from: string;
            to: string;
            raised: number;
            perHour: number;
            perTenMinutes: number;
            mostInTenMinutes: number;
            assessment: string;
            byPriority: {
                [key: string]: number;
            };
            floods: {
                from: string;
                to: string;
                alarms: number;
                mostInTenMinutes: number;
            }[];
            shareOfTimeInFlood: number;
            top: {
                id: string;
                device: string;
                sensor: null | string;
                source: string;
                raised: number;
                share: number;
            }[];
            now: {
                standing: number;
                unacknowledged: number;
                stale: number;
                shelved: number;
                suppressed: number;
                outOfService: number;
            };
        };
        Anomaly: {
            time: string;
            device: string;
            sensor: string;
            kind: string;
            value: null | number;
            score: null | number;
            pValue: null | number;
            martingale: null | number;
            detector: string;
            mode: string;
            reason: string;
        };
        AntiforgeryAnswer: {
            header: string;
            token: string;
        };
        AuditAnswer: {
            entries: components["schemas"]["AuditEntry"][];
            next: null | string;
        };
        AuditEntry: {
            time: string;
            text: string;
            properties: {
                [key: string]: string;
            };
        };
        AuditOrder: {
            sample?: null | number;
        };
        BacktestHit: {
            time: string;
            value?: number;
            kind: string;
            detector: string;
            text: string;
        };
        BacktestOrder: {
            from: string;
            to?: null | string;
            warmUp?: null | string;
            device?: null | string;
            sensor?: null | string;
            detector?: null | string;
            gated?: boolean;
            settings?: unknown;
            source?: "store" | "log" | null;
            list?: null | number;
        };
        Buckets: {
            t: number[];
            min: (null | number)[];
            max: (null | number)[];
            mean: (null | number)[];
            first: (null | number)[];
            last: (null | number)[];
            count: number[];
        };
        CatalogueChanges: {
            added: number;
            changed: number;
            unchanged: number;
            deleted: number;
        };
        CatalogueDevice: {
            device: string;
            displayName: null | string;
            description: null | string;
            type: null | string;
            enterprise: null | string;
            site: null | string;
            area: null | string;
            line: null | string;
            cell: null | string;
            expectedInterval: null | string;
            tags: string[];
            sources: ("edited" | "device" | "sparkplug" | "pattern")[];
            version: number;
            by: null | string;
            comment: null | string;
            time: null | string;
            edited: components["schemas"]["CatalogueDeviceFields"] | null;
        };
        CatalogueDeviceFields: {
            device: string;
            displayName: null | string;
            description: null | string;
            type: null | string;
            enterprise: null | string;
            site: null | string;
            area: null | string;
            line: null | string;
            cell: null | string;
            expectedInterval: null | string;
            tags: string[];
        };
        CatalogueDeviceRequest: {
            device?: string;
            displayName?: null | string;
            description?: null | string;
            tags?: string[];
            type?: null | string;
            enterprise?: null | string;
            site?: null | string;
            area?: null | string;
            line?: null | string;
            cell?: null | string;
            expectedInterval?: null | string;
        };
        CatalogueDocument: {
            entries: components["schemas"]["CatalogueEntry"][];
        };
        CatalogueEntry: {
            device: string;
            sensor?: null | string;
            displayName?: null | string;
            description?: null | string;
            tags?: string[];
            type?: null | string;
            enterprise?: null | string;
            site?: null | string;
            area?: null | string;
            line?: null | string;
            cell?: null | string;
            expectedInterval?: null | string;
            kind?: "analog" | "state" | "counter" | "text-free" | null;
            unit?: null | string;
            unitCode?: null | string;
            low?: null | number;
            high?: null | number;
            loLo?: null | number;
            lo?: null | number;
            hi?: null | number;
            hiHi?: null | number;
            ratePerMinute?: null | number;
            decimals?: null | number;
            states?: {
                [key: string]: string;
            };
        };
        CataloguePattern: {
            pattern?: string;
            device: string;
            displayName?: null | string;
            description?: null | string;
            type?: null | string;
            enterprise?: null | string;
            site?: null | string;
            area?: null | string;
            line?: null | string;
            cell?: null | string;
            expectedInterval?: null | string;
            tags?: string[];
            sensor?: string;
            kind?: "analog" | "state" | "counter" | "text-free" | null;
            unit?: null | string;
            unitCode?: null | string;
            low?: null | number;
            high?: null | number;
            loLo?: null | number;
            lo?: null | number;
            hi?: null | number;
            hiHi?: null | number;
            ratePerMinute?: null | number;
            decimals?: null | number;
            states?: {
                [key: string]: string;
            };
            version: number;
            by: null | string;
            comment: null | string;
            time: null | string;
            sources?: ("edited" | "device" | "sparkplug" | "pattern")[];
            edited?: unknown;
        };
        CataloguePatternRequest: {
            device?: string;
            sensor?: string;
            displayName?: null | string;
            description?: null | string;
            tags?: string[];
            type?: null | string;
            enterprise?: null | string;
            site?: null | string;
            area?: null | string;
            line?: null | string;
            cell?: null | string;
            expectedInterval?: null | string;
            kind?: "analog" | "state" | "counter" | "text-free" | null;
            unit?: null | string;
            unitCode?: null | string;
            low?: null | number;
            high?: null | number;
            loLo?: null | number;
            lo?: null | number;
            hi?: null | number;
            hiHi?: null | number;
            ratePerMinute?: null | number;
            decimals?: null | number;
            states?: {
                [key: string]: string;
            };
        };
        CatalogueSensor: {
            device: string;
            sensor: string;
            displayName: null | string;
            description: null | string;
            kind: "analog" | "state" | "counter" | "text-free" | null;
            unit: null | string;
            unitCode: null | string;
            low: null | number;
            high: null | number;
            loLo: null | number;
            lo: null | number;
            hi: null | number;
            hiHi: null | number;
            ratePerMinute: null | number;
            decimals: null | number;
            states: {
                [key: string]: string;
            };
            tags: string[];
            sources: ("edited" | "device" | "sparkplug" | "pattern")[];
            version: number;
            by: null | string;
            comment: null | string;
            time: null | string;
            edited: components["schemas"]["CatalogueSensorFields"] | null;
        };
        CatalogueSensorFields: {
            device: string;
            sensor: string;
            displayName: null | string;
            description: null | string;
            kind: "analog" | "state" | "counter" | "text-free" | null;
            unit: null | string;
            unitCode: null | string;
            low: null | number;
            high: null | number;
            loLo: null | number;
            lo: null | number;
            hi: null | number;
            hiHi: null | number;
            ratePerMinute: null | number;
            decimals: null | number;
            states: {
                [key: string]: string;
            };
            tags: string[];
        };
        CatalogueSensorRequest: {
            device?: string;
            sensor?: string;
            displayName?: null | string;
            description?: null | string;
            tags?: string[];
            kind?: "analog" | "state" | "counter" | "text-free" | null;
            unit?: null | string;
            unitCode?: null | string;
            low?: null | number;
            high?: null | number;
            loLo?: null | number;
            lo?: null | number;
            hi?: null | number;
            hiHi?: null | number;
            ratePerMinute?: null | number;
            decimals?: null | number;
            states?: {
                [key: string]: string;
            };
        };
        CatalogueVersion: {
            time: string;
            device: string;
            sensor: string;
            source: string;
            version: number;
            deleted: boolean;
            by: string;
            comment: string;
            document: string;
        };
        ColumnSize: {
            column: string;
            type: string;
            codec: string;
            rows: number;
            bytes: number;
            bytesPerRow: null | number;
        };
        Command: {
            id: string;
            device: string;
            name: string;
            status: "accepted" | "sent" | "answered" | "refused" | "expired";
            payload: unknown;
            issued: string;
            expires: string;
            by: null | string;
            sent: null | string;
            edge: null | string;
            answered?: null | string;
            answer?: unknown;
        };
        CommandRequest: {
            name: string;
            payload?: unknown;
            lifetime?: string;
            by?: string;
        };
        DashboardName: {
            name: string;
            title: string;
        };
        DeadLetter: {
            id: string;
            refused: string;
            stage: string;
            cause: string;
            detail: string;
            source: string;
            partition: null | number;
            offset: null | number;
            client: string;
            trace: string;
            readings: number[];
            resolution: null | string;
            payload: null | string;
            text: null | string;
        };
        DeadLetterRepair: {
            fix?: boolean;
            payload?: null | string;
            dryRun?: boolean;
        };
        DetectorVersion: {
            version: number;
            at: string;
            by: string;
            source: string;
            comment: string;
            problem?: string;
            document: string;
            settings: unknown;
        };
        Device: {
            device: string;
            displayName: null | string;
            type: null | string;
            enterprise: null | string;
            site: null | string;
            area: null | string;
            line: null | string;
            cell: null | string;
            tags: string[];
            expectedInterval: null | string;
            sensors: number;
            readings: number;
            lastSeen: null | string;
            clockAhead: boolean;
            aheadTime: null | string;
        };
        DeviceEvent: {
            time: string;
            device: string;
            kind: string;
            detail: string;
            figure: number;
        };
        DeviceSensor: {
            sensor: string;
            displayName: null | string;
            unit: null | string;
            unitCode: null | string;
            kind: "analog" | "state" | "counter" | "text-free" | null;
            decimals: null | number;
            readings: number;
            lastSeen: null | string;
            clockAhead: boolean;
            aheadTime: null | string;
        };
        DiskSize: {
            disk: string;
            kind: string;
            bytes: number;
            freeBytes: null | number;
            totalBytes: null | number;
        };
        DocumentProblem: {
            where: string;
            problem: string;
        };
        GroupLag: {
            group: string;
            topic: string;
            partition: number;
            committed: null | number;
            records: number;
            seconds: number;
        };
        Incident: {
            time: string;
            id: string;
            revision: number;
            state: string;
            device: string;
            sensor: string;
            kind: string;
            direction: null | string;
            severity: number;
            text: string;
            peakTime: string;
            lastTime: string;
            endTime: null | string;
            duration: number;
            value: null | number;
            usualLow: null | number;
            usualHigh: null | number;
            spreads: null | number;
            fromLevel: null | number;
            toLevel: null | number;
            runLength: number;
            usualRunLength: number;
            score: null | number;
            unit: string;
            detail: string;
            sensors: string[];
            parts: {
                [key: string]: unknown;
            }[];
            sensorCount: number;
            detectors: string[];
            late: boolean;
        };
        LatencyQuantiles: {
            p50: number;
            p95: number;
            p99: number;
        };
        Latest: {
            device: string;
            sensor: string;
            time: null | string;
            value: null | number;
            special: string;
            quality: number;
            source: "store" | "live";
            clockAhead: boolean;
            aheadTime?: null | string;
            aheadValue?: null | number;
            unit: null | string;
            displayName: null | string;
            decimals: null | number;
        };
        ManySeries: {
            meta: components["schemas"]["Meta"];
            from: string;
            to: string;
            source: string;
            raw: boolean;
            stepMs: number;
            tz: null | string;
            completeFrom: null | string;
            segments: components["schemas"]["Segment"][];
            t?: number[];
            series: components["schemas"]["QueriedSeries"][];
        };
        ManyStatistics: {
            meta: components["schemas"]["Meta"];
            from: string;
            to: string;
            series: components["schemas"]["SeriesStatistics"][];
        };
        Meta: {
            watermark: null | string;
            freshness: null | number;
            completeness: null | number;
            behind: null | number;
            asOf: string;
            truncated: boolean;
        };
        OperationReport: {
            text: string;
            isClean: boolean;
            report: {
                [key: string]: unknown;
            };
        };
        Pipeline: {
            meta: components["schemas"]["Meta"];
            roles: string[];
            rates: {
                received: null | number;
                acked: null | number;
                stored: null | number;
                rolledUp: null | number;
                anomalies: null | number;
                publishes: null | number;
            };
            lag: components["schemas"]["PipelineLag"][];
            latency: {
                pubackMs: components["schemas"]["LatencyQuantiles"] | null;
                e2eMs: components["schemas"]["LatencyQuantiles"] | null;
            };
            connections: null | number;
            deadLetters: null | number;
            duplicates: null | number;
            audit: components["schemas"]["PipelineAudit"] | null;
            watermark: null | string;
            freshness: null | number;
            completeness: null | number;
        };
        PipelineAudit: {
            ageSeconds: number;
            compared: number;
            missing: number;
            excess: number;
            hoursDiffering: number;
        };
        PipelineLag: {
            group: string;
            topic: string;
            partition: number;
            records: number;
            seconds: number;
        };
        Place: {
            enterprise: null | string;
            site: null | string;
            area: null | string;
            line: null | string;
            cell: null | string;
            devices: number;
        };
        PlannedTable: {
            table: string;
            keptDays: number;
            rows: number;
            bytesPerRow: number;
            bytes: number;
        };
        QueriedColumns: {
            t?: number[];
            min?: (null | number)[];
            max?: (null | number)[];
            mean?: (null | number)[];
            first?: (null | number)[];
            last?: (null | number)[];
            count?: number[];
            value?: (null | number)[];
            special?: (null | string)[];
            quality?: number[];
        } & {
            [key: string]: unknown[];
        };
        QueriedSeries: {
            device: string;
            sensor: string;
            deviceDisplayName: null | string;
            displayName: null | string;
            unit: null | string;
            unitCode: null | string;
            kind: "analog" | "state" | "counter" | "text-free" | null;
            decimals: null | number;
            columns: components["schemas"]["QueriedColumns"];
        };
        ReplacedParts: {
            parts: number;
            files: number;
            bytes: number;
        };
        ReplayOrder: {
            from: string;
            to?: null | string;
            apply?: boolean;
        };
        Segment: {
            source: string;
            from: string;
            to: string;
        };
        Sensor: {
            sensor: string;
            devices: number;
            readings: number;
            lastSeen: null | string;
            clockAhead: boolean;
            aheadTime: null | string;
        };
        SensorSeries: {
            meta: components["schemas"]["Meta"];
            sensor: string;
            displayName: null | string;
            unit: null | string;
            unitCode: null | string;
            kind: "analog" | "state" | "counter" | "text-free" | null;
            decimals: null | number;
            from: string;
            to: string;
            source: string;
            raw: boolean;
            stepMs: number;
            tz: null | string;
            completeFrom: null | string;
            segments: components["schemas"]["Segment"][];
            columns?: components["schemas"]["Buckets"];
            groups?: components["schemas"]["SeriesGroup"][];
        };
        Series: {
            meta: components["schemas"]["Meta"];
            device: string;
            sensor: string;
            deviceDisplayName: null | string;
            displayName: null | string;
            unit: null | string;
            unitCode: null | string;
            kind: "analog" | "state" | "counter" | "text-free" | null;
            decimals: null | number;
            from: string;
            to: string;
            source: string;
            raw: boolean;
            stepMs: number;
            tz: null | string;
            completeFrom: null | string;
            segments: components["schemas"]["Segment"][];
            columns: components["schemas"]["SeriesColumns"];
        };
        SeriesColumns: {
            t: number[];
            min?: (null | number)[];
            max?: (null | number)[];
            mean?: (null | number)[];
            first?: (null | number)[];
            last?: (null | number)[];
            count?: number[];
            value?: (null | number)[];
            special?: (null | string)[];
            quality?: number[];
        };
        SeriesGroup: {
            group: string;
            device?: string;
            deviceDisplayName?: null | string;
            displayName?: null | string;
            unit?: null | string;
            unitCode?: null | string;
            kind?: "analog" | "state" | "counter" | "text-free" | null;
            decimals?: null | number;
            columns: components["schemas"]["Buckets"];
        };
        SeriesQuery: {
            series: {
                device: string;
                sensor: string;
            }[];
            from?: string;
            to?: string;
            step?: string;
            tz?: string;
            points?: number;
            singleReadings?: boolean;
            quantiles?: number[];
            before?: string;
        };
        SeriesStatistics: {
            device: string;
            sensor: string;
            readings: number;
            uncertain: number;
            bad: number;
            notFinite: number;
            used: number;
            min: null | number;
            max: null | number;
            mean: null | number;
            deviation: null | number;
            p05: null | number;
            p50: null | number;
            p95: null | number;
            within: null | number;
        };
        SessionAnswer: {
            user: string;
            role: null | string;
            kind: string;
            devices: string[];
            open: boolean;
            canSignOut: boolean;
            antiforgery: null | components["schemas"]["AntiforgeryAnswer"];
        };
        SqlAnswer: {
            columns: {
                name: string;
                type: string;
            }[];
            rows: unknown[][];
            truncated: boolean;
        };
        SqlRequest: {
            sql: string;
        };
        Statistics: {
            meta: components["schemas"]["Meta"];
            from: string;
            to: string;
            readings: number;
            uncertain: number;
            bad: number;
            notFinite: number;
            used: number;
            min: null | number;
            max: null | number;
            mean: null | number;
            deviation: null | number;
            p05: null | number;
            p50: null | number;
            p95: null | number;
            within: null | number;
        };
        StatisticsQuery: {
            series: {
                device: string;
                sensor: string;
                low?: null | number;
                high?: null | number;
            }[];
            from?: string;
            to?: string;
        };
        StorePlan: {
            readingsPerDay: number;
            readings: number;
            bytes: number;
            bytesPerReading: number;
            writtenBytesPerDay: number;
            tables: components["schemas"]["PlannedTable"][];
            daysThatFit: null | number;
            measuredBy: string;
        };
        StoreSize: {
            at: string;
            readings: number;
            bytes: number;
            parts: number;
            files: number;
            replaced: components["schemas"]["ReplacedParts"];
            disks: components["schemas"]["DiskSize"][];
            tables: components["schemas"]["TableSize"][];
        };
        TableSize: {
            table: string;
            rows: number;
            bytes: number;
            uncompressedBytes: number;
            bytesPerRow: null | number;
            bytesPerReading: null | number;
            parts: number;
            files: number;
            oldest: null | string;
            newest: null | string;
            replaced: components["schemas"]["ReplacedParts"];
            columns: components["schemas"]["ColumnSize"][];
        };
        TokenMade: {
            token: string;
            about: components["schemas"]["TokenView"];
        };
        TokenRequest: {
            label: null | string;
            role: null | string;
            expires: null | string;
            devices: null | string[];
        };
        TokenView: {
            id: string;
            owner: string;
            role: string;
            devices: string[];
            label: string;
            created: string;
            expires: string;
        };
        TokensAnswer: {
            tokens: components["schemas"]["TokenView"][];
        };
        Topic: {
            topic: string;
            partitions: number;
            records: number;
            removed: number;
            newest: null | string;
            schemas: {
                id: number;
                message: null | string;
                isProvisional: boolean;
            }[];
        };
        UserView: {
            name: string;
            role: string;
            mqtt: boolean;
            certificate: boolean;
            password: boolean;
            devices: string[];
        };
        UsersAnswer: {
            users: components["schemas"]["UserView"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    alarms: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                source?: string;
                status?: string;
                priority?: string;
                standing?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        alarms: components["schemas"]["Alarm"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    alarmHistory: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                id?: string;
                source?: string;
                transition?: string;
                from?: string;
                to?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        changes: components["schemas"]["AlarmHistoryRow"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    alarmLive: {
        parameters: {
            query?: {
                device?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    alarmRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmRules"];
                };
            };
        };
    };
    alarmRulesPut: {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmRules"];
                };
            };
        };
    };
    alarmRulesCheck: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        usable: boolean;
                        errors: components["schemas"]["DocumentProblem"][];
                    };
                };
            };
        };
    };
    alarmStats: {
        parameters: {
            query?: {
                device?: string;
                from?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmStatistics"];
                };
            };
        };
    };
    alarm: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
        };
    };
    alarmAction: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
                action: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlarmActionRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        command: string;
                        decided: boolean;
                        change?: components["schemas"]["AlarmChange"];
                    };
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        command: string;
                        decided: boolean;
                        change?: components["schemas"]["AlarmChange"];
                    };
                };
            };
        };
    };
    anomalies: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                kind?: string;
                from?: string;
                to?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        anomalies: components["schemas"]["Anomaly"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditAnswer"];
                };
            };
        };
    };
    audits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuditOrder"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationReport"];
                };
            };
        };
    };
    backtests: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BacktestOrder"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationReport"];
                };
            };
        };
    };
    "catalogue-check": {
        parameters: {
            query?: {
                replace?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CatalogueDocument"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        usable: boolean;
                        errors: components["schemas"]["DocumentProblem"][];
                        added: number;
                        changed: number;
                        unchanged: number;
                        deleted: number;
                    };
                };
            };
        };
    };
    "catalogue-devices": {
        parameters: {
            query?: {
                enterprise?: string;
                site?: string;
                area?: string;
                line?: string;
                cell?: string;
                type?: string;
                tag?: string;
                search?: string;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        devices: components["schemas"]["CatalogueDevice"][];
                        nextCursor: null | string;
                        leftOut: number;
                    };
                };
            };
        };
    };
    "catalogue-device": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueDevice"];
                };
            };
        };
    };
    "catalogue-device-put": {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CatalogueDeviceRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueDevice"];
                };
            };
        };
    };
    "catalogue-device-delete": {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "catalogue-sensors": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        device: string;
                        sensors: components["schemas"]["CatalogueSensor"][];
                    };
                };
            };
        };
    };
    "catalogue-sensor": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
                sensor: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueSensor"];
                };
            };
        };
    };
    "catalogue-sensor-put": {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path: {
                device: string;
                sensor: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CatalogueSensorRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueSensor"];
                };
            };
        };
    };
    "catalogue-sensor-delete": {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path: {
                device: string;
                sensor: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "catalogue-export": {
        parameters: {
            query?: {
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueDocument"];
                };
            };
        };
    };
    "catalogue-history": {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        versions: components["schemas"]["CatalogueVersion"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    "catalogue-import": {
        parameters: {
            query?: {
                replace?: string;
                by?: string;
                comment?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CatalogueDocument"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueChanges"];
                };
            };
        };
    };
    "catalogue-patterns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        patterns: components["schemas"]["CataloguePattern"][];
                    };
                };
            };
        };
    };
    "catalogue-pattern-put": {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path: {
                pattern: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CataloguePatternRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CataloguePattern"];
                };
            };
        };
    };
    "catalogue-pattern-delete": {
        parameters: {
            query?: {
                by?: string;
                comment?: string;
            };
            header?: never;
            path: {
                pattern: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "catalogue-places": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        places: components["schemas"]["Place"][];
                        types: {
                            type: string;
                            devices: number;
                        }[];
                        tags: {
                            tag: string;
                            devices: number;
                        }[];
                    };
                };
            };
        };
    };
    dashboards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        dashboards: components["schemas"]["DashboardName"][];
                    };
                };
            };
        };
    };
    dashboard: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    "dead-letters": {
        parameters: {
            query?: {
                cause?: string;
                stage?: string;
                source?: string;
                since?: string;
                resolved?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        letters: components["schemas"]["DeadLetter"][];
                        matching: number;
                        open: number;
                    };
                };
            };
        };
    };
    "dead-letter": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"];
                };
            };
        };
    };
    "dead-letter-replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeadLetterRepair"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        outcome: "replayed" | "would-replay" | "resolved" | "refused";
                        detail: string;
                    };
                };
            };
        };
    };
    detectors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        version: number;
                        at: string;
                        by: string;
                        source: string;
                        comment: string;
                        problem?: string;
                        document: string;
                        settings: unknown;
                        inForce: {
                            partition: number;
                            offset: number;
                            version: number;
                        }[];
                        known: {
                            detector: string;
                            parameters: {
                                [key: string]: string;
                            };
                        }[];
                    };
                };
            };
        };
    };
    detectorsPut: {
        parameters: {
            query?: {
                expected?: number;
                comment?: string;
                source?: string;
                by?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DetectorVersion"];
                };
            };
        };
    };
    detectorsCheck: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        usable: boolean;
                    };
                };
            };
        };
    };
    detectorsHistory: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        versions: components["schemas"]["DetectorVersion"][];
                    };
                };
            };
        };
    };
    "device-events": {
        parameters: {
            query?: {
                device?: string;
                kind?: string;
                from?: string;
                to?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        events: components["schemas"]["DeviceEvent"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    devices: {
        parameters: {
            query?: {
                search?: string;
                enterprise?: string;
                site?: string;
                area?: string;
                line?: string;
                cell?: string;
                type?: string;
                tag?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        devices: components["schemas"]["Device"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        device: string;
                        displayName: null | string;
                        type: null | string;
                        enterprise: null | string;
                        site: null | string;
                        area: null | string;
                        line: null | string;
                        cell: null | string;
                        tags: string[];
                        expectedInterval: null | string;
                        sensors: number;
                        readings: number;
                        lastSeen: null | string;
                        clockAhead: boolean;
                        aheadTime: null | string;
                    };
                };
            };
        };
    };
    commands: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        commands: components["schemas"]["Command"][];
                    };
                };
            };
        };
    };
    commandIssue: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommandRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Command"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Command"];
                };
            };
        };
    };
    command: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                device: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Command"];
                };
            };
        };
    };
    "device-sensors": {
        parameters: {
            query?: {
                search?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path: {
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        sensors: components["schemas"]["DeviceSensor"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    backtest: {
        parameters: {
            query?: {
                from?: string;
                to?: string;
                warmUp?: string;
                limit?: number;
            };
            header?: never;
            path: {
                device: string;
                sensor: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        device: string;
                        sensor: string;
                        count: number;
                        readings: number;
                        hits: components["schemas"]["BacktestHit"][];
                    };
                };
            };
        };
    };
    detectorsOfSeries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device: string;
                sensor: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        device: string;
                        sensor: string;
                        detectors: string[];
                        outOfService: boolean;
                    };
                };
            };
        };
    };
    export: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                from?: string;
                to?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    incidents: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                kind?: string;
                state?: string;
                severity?: number;
                id?: string;
                from?: string;
                to?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        incidents: components["schemas"]["Incident"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    lag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        at: string;
                        groups: components["schemas"]["GroupLag"][];
                        watermarks: {
                            stage: string;
                            time: string;
                            lagSeconds: number;
                        }[];
                    };
                };
            };
        };
    };
    latest: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        latest: components["schemas"]["Latest"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    live: {
        parameters: {
            query?: {
                device?: string;
                sensor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    pipeline: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pipeline"];
                };
            };
        };
    };
    query: {
        parameters: {
            query?: {
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SeriesQuery"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManySeries"];
                };
            };
        };
    };
    replays: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayOrder"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationReport"];
                };
            };
        };
    };
    sensors: {
        parameters: {
            query?: {
                search?: string;
                limit?: number;
                offset?: number;
                cursor?: string;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        meta: components["schemas"]["Meta"];
                        sensors: components["schemas"]["Sensor"][];
                        next: null | number;
                        nextCursor: null | string;
                    };
                };
            };
        };
    };
    "sensor-series": {
        parameters: {
            query?: {
                group?: string;
                limit?: number;
                enterprise?: string;
                site?: string;
                area?: string;
                line?: string;
                cell?: string;
                type?: string;
                tag?: string;
                from?: string;
                to?: string;
                step?: string;
                points?: number;
                format?: string;
                tz?: string;
            };
            header?: never;
            path: {
                sensor: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SensorSeries"];
                };
            };
        };
    };
    series: {
        parameters: {
            query: {
                device: string;
                sensor: string;
                from?: string;
                to?: string;
                step?: string;
                points?: number;
                format?: string;
                tz?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Series"];
                };
            };
        };
    };
    session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionAnswer"];
                };
            };
        };
    };
    sql: {
        parameters: {
            query?: {
                limit?: number;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SqlRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SqlAnswer"];
                };
            };
        };
    };
    statistics: {
        parameters: {
            query: {
                device: string;
                sensor: string;
                from?: string;
                to?: string;
                low?: string;
                high?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
        };
    };
    statisticsOfMany: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatisticsQuery"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManyStatistics"];
                };
            };
        };
    };
    "store-horizon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        tables: {
                            table: string;
                            completeFrom: null | string;
                            cause: "none" | "retention" | "former" | "partition-gone";
                        }[];
                    };
                };
            };
        };
    };
    "store-plan": {
        parameters: {
            query: {
                devices: string;
                sensors: string;
                interval: string;
                kind?: string;
                span?: string;
                rawRetention?: string;
                minuteRetention?: string;
                disk?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StorePlan"];
                };
            };
        };
    };
    "store-size": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreSize"];
                };
            };
        };
    };
    tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokensAnswer"];
                };
            };
        };
    };
    tokenAdd: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenMade"];
                };
            };
        };
    };
    tokenRevoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    topics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        topics: components["schemas"]["Topic"][];
                    };
                };
            };
        };
    };
    users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsersAnswer"];
                };
            };
        };
    };
}
