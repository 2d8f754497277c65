import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** What a first visit may load, compressed. */
const FIRST_LOAD_BYTES_MAX = 150_000;

/**
 * Writes a .gz and a .br beside each file of text, which the server sends to who takes them, and fails the build when the first load
 * (the page with all scripts and styles) is too large.
 */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        let sum = 0;
        for (const [name, file] of Object.entries(bundle)) {
          if (!/\.(html|js|css|svg)$/.test(name)) continue;
          const source = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const gz = gzipSync(source, { level: 9 });
          const br = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: source.length } });
          this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gz });
          this.emitFile({ type: "asset", fileName: `${name}.br`, source: br });
          sum += gz.length;
        }
        console.log(`first load: ${sum.toLocaleString("en")} bytes with gzip, at most ${FIRST_LOAD_BYTES_MAX.toLocaleString("en")}`);
        if (sum > FIRST_LOAD_BYTES_MAX) this.error(`The first load is ${sum} bytes with gzip; ${FIRST_LOAD_BYTES_MAX} are allowed (vite.config.ts). Load a page's code when it is opened, or do without a library.`);
      },
    },
  };
}

// `npm run dev` takes the API from a running `telemetry up`; the build needs no server.
export default defineConfig({
  plugins: [compressed()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
