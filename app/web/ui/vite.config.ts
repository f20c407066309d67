// One page a folder: `graphiql/index.html`, and whatever stands beside it. A new folder with an index.html is a new page.
import { readdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const here = import.meta.dirname;
const pages = readdirSync(here)
  .map((name) => join(here, name, 'index.html'))
  .filter((page) => existsSync(page));

/** Writes what a browser may take compressed beside each file, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir = '' }, bundle) {
      for (const name of Object.keys(bundle).filter((name) =>
        /^static\/.*\.(js|css|svg|ttf|json)$/.test(name),
      )) {
        const file = join(dir, name);
        const bytes = readFileSync(file);
        if (bytes.length < 1024) continue;
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: quality }));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: here,
  base: './', // the server says where the assets are: it may stand under any path
  plugins: [compressed()],
  worker: { format: 'es' },
  build: {
    outDir: '../dist',
    assetsDir: 'static',
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8192, // Monaco is what it is
    rolldownOptions: {
      input: pages,
      onLog(level, log, handler) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handler(level, log); // "use client" is for other builds than this
      },
    },
  },
});
