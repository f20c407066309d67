// Runs sharp jobs from stdin and writes results to stdout, one line of JSON each.
// {input, output, width, height, fit, format, options} → {width, height, cpu}; cpu is in milliseconds.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.argv[2]}/`);
const sharp = require('sharp');
sharp.concurrency(1);
sharp.cache(false);

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  const started = process.cpuUsage();
  try {
    const image = sharp(job.input, { animated: job.animated, autoOrient: true }).resize(job.resize);
    if (job.resize.background?.alpha === 1) image.flatten({ background: job.resize.background });
    const info = await image
      .toFormat(job.format, job.options)
      .toFile(job.output);
    const { user, system } = process.cpuUsage(started);
    console.log(JSON.stringify({ width: info.width, height: info.pageHeight ?? info.height, cpu: (user + system) / 1000 }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
