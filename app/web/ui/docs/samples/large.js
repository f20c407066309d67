import { createReadStream } from 'node:fs';

import * as tus from 'tus-js-client';

const upload = new tus.Upload(createReadStream('harbour.jpg'), {
  endpoint: 'https://pichub.example/v1/uploads',
  headers: { Authorization: 'Bearer YOUR_API_TOKEN' },
  metadata: { filename: 'harbour.jpg', description: 'The harbour at noon' },
  chunkSize: 8 * 1024 * 1024,
  onProgress: (sent, size) => console.log(`${sent} of ${size} bytes`),
  onSuccess: ({ lastResponse }) => console.log(lastResponse.getHeader('Upload-Image')),
  onError: (error) => console.error(error.originalResponse?.getBody() ?? error),
});
upload.start();
