import { defineConfig } from "vite";

// `npm run dev` takes the API from a running `telemetry up`; the build needs no server.
export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
