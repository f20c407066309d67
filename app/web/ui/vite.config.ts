// Each folder with an index.html is a page.
import { createHash } from 'node:crypto';
import { readdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { stringifyDocument } from '@urql/core';
import { type DocumentNode, Kind } from 'graphql';
import { defineConfig, type Plugin, runnerImport } from 'vite';

const root = import.meta.dirname;
const pages = readdirSync(root)
  .map((name) => join(root, name, 'index.html'))
  .filter((page) => existsSync(page));

/** Write compressed variants beside each file, which the server sends as they are. */
function compress(): Plugin {
  return {
    name: 'compress',
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

/** Files that export documents, as text or as typed by gql.tada. */
const DOCUMENTS = ['dashboard/api/documents.ts', 'dashboard/panels/documents.ts', 'base/documents.ts'];

/** Write the manifest of trusted documents: the documents of all pages by SHA-256. */
function trustedDocuments(): Plugin {
  return {
    name: 'trusted-documents',
    apply: 'build',
    async writeBundle({ dir = '' }) {
      const texts = (await Promise.all(DOCUMENTS.map((file) => textsIn(join(root, file))))).flat();
      const entries = texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]);
      writeFileSync(join(dir, 'documents.json'), JSON.stringify(Object.fromEntries(entries), null, 1));
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
  root,
  base: './', // the server inserts the path of the assets, under any prefix
  plugins: [compress(), trustedDocuments()],
  worker: { format: 'es' },
  build: {
    outDir: '../dist',
    assetsDir: 'static',
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8192, // for the Monaco editor
    rolldownOptions: {
      input: pages,
      onLog(level, log, handler) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handler(level, log); // "use client" has no effect here
      },
    },
  },
});
