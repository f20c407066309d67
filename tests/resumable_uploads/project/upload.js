// Uploads a file by tus-js-client, and prints what came of it.
// node upload.js ENDPOINT TOKEN FILE [--until BYTES] [--resume URL] [--terminate]
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { parseArgs } from 'node:util';

import * as tus from 'tus-js-client';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { until: { type: 'string' }, resume: { type: 'string' }, terminate: { type: 'boolean' } },
});
const [endpoint, token, file] = positionals;
let failures = 0;

function end(told) {
  console.log(JSON.stringify({ url: upload.url, failures, ...told }));
  process.exit();
}

const upload = new tus.Upload(readFileSync(file), {
  endpoint,
  uploadUrl: values.resume,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: 'harbour.png', filetype: 'image/png', title: 'The harbour' },
  chunkSize: 512 * 1024,
  retryDelays: [0, 50, 100, 500, 1000],
  httpStack: new tus.DefaultHttpStack({ agent: new Agent({ keepAlive: false }) }),
  onShouldRetry(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    failures += 1;
    return status === 0 || status === 409 || status === 423 || status >= 500;
  },
  async onChunkComplete(_, sent) {
    if (values.until && sent >= Number(values.until)) {
      await upload.abort(values.terminate);
      end({ sent });
    }
  },
  onSuccess: ({ lastResponse }) => end({ image: lastResponse.getHeader('Upload-Image') }),
  onError(error) {
    const response = error.originalResponse;
    end({ status: response?.getStatus(), body: response?.getBody(), error: String(error).slice(0, 300) });
  },
});
upload.start();
