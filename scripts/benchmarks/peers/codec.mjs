// Runs one job for each line of JSON, with sharp or with ipx, and answers with what it took. One thread.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, engine] = process.argv.slice(2)
const require = createRequire(join(folder, 'package.json'))

function settled(sharp) {
  sharp.concurrency(1)
  sharp.cache(false) // the same job is run again and again
  return sharp
}

async function withSharp() {
  const sharp = settled(require('sharp'))
  return ({ source, width, height, format, quality, animated, destination }) =>
    sharp(source, { animated })
      .resize(width, height ?? undefined, { fit: 'cover' })
      .toFormat(format, quality ? { quality } : {})
      .toFile(destination)
}

async function withIpx() {
  const ipxFolder = join(folder, 'node_modules', 'ipx')
  const { createIPX, ipxFSStorage } = await import(pathToFileURL(join(ipxFolder, 'dist', 'index.mjs')).href)
  settled(createRequire(join(ipxFolder, 'package.json'))('sharp'))
  return async ({ source, width, height, format, quality, animated, destination }) => {
    const ipx = createIPX({ storage: ipxFSStorage({ dir: dirname(source) }) })
    const size = height ? { resize: `${width}x${height}`, fit: 'cover' } : { width: `${width}` }
    const asked = { ...size, format, ...(quality ? { quality: `${quality}` } : {}), ...(animated ? { animated: '' } : {}) }
    const { data } = await ipx(basename(source), asked).process()
    await writeFile(destination, data)
  }
}

const run = await (engine === 'ipx' ? withIpx() : withSharp())
for await (const line of createInterface({ input: process.stdin })) {
  const started = performance.now()
  const cpu = process.cpuUsage()
  await run(JSON.parse(line))
  const { user, system } = process.cpuUsage(cpu)
  console.log(JSON.stringify({ wall: performance.now() - started, cpu: (user + system) / 1000 }))
}
