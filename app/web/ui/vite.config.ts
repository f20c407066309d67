// One page a folder: `graphiql/index.html`, and whatever stands beside it. A new folder with an index.html is a new page.
import { createHash } from 'node:crypto';
import { readdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { stringifyDocument } from '@urql/core';
import { type DocumentNode, Kind } from 'graphql';
import { defineConfig, type Plugin, runnerImport } from 'vite';

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

/** Files of which every export is a document of ours: in text, or as gql.tada typed it. */
const DOCUMENTS = ['dashboard/api/documents.ts', 'dashboard/panels/documents.ts', 'base/documents.ts'];

/** Writes all that our pages ask, by its SHA-256: what a server trusts that runs trusted documents only. */
function documents(): Plugin {
  return {
    name: 'documents',
    apply: 'build',
    async writeBundle({ dir = '' }) {
      const texts = (await Promise.all(DOCUMENTS.map((file) => textsIn(join(here, file))))).flat();
      const named = texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]);
      writeFileSync(join(dir, 'documents.json'), JSON.stringify(Object.fromEntries(named), null, 1));
    },
  };
}

async function textsIn(file: string): Promise<string[]> {
  const { module } = await runnerImport<Record<string, string | DocumentNode>>(file);
  return Object.values(module).flatMap((document) => {
    if (typeof document === 'string') return document;
    const isFragment = document.definitions[0]?.kind !== Kind.OPERATION_DEFINITION;
    return isFragment ? [] : stringifyDocument(document);
  });
}

export default defineConfig({
  root: here,
  base: './', // the server says where the assets are: it may stand under any path
  plugins: [compressed(), documents()],
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
