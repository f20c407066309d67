// The server that one would write by hand: node's http, sharp, and results kept as files.
//   /{width}x{height}/{format}/{quality}/{name}      a height of 0 keeps the proportions
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, pictures, cache, port] = process.argv.slice(2)
const sharp = createRequire(join(folder, 'package.json'))('sharp')
const ADDRESS = /^\/(\d+)x(\d+)\/(jpeg|png|webp|avif)\/(\d+)\/([\w.-]+)$/

await mkdir(cache, { recursive: true })

async function result(address) {
  const asked = ADDRESS.exec(address)
  if (!asked) return null
  const [, width, height, format, quality, name] = asked
  const kept = join(cache, `${createHash('sha256').update(address).digest('hex')}.${format}`)
  const found = await readFile(kept).catch(() => null)
  return { format, data: found ?? (await made({ width, height, format, quality, name, kept })) }
}

async function made({ width, height, format, quality, name, kept }) {
  const data = await sharp(join(pictures, name))
    .resize(+width, +height || undefined, { fit: 'cover' })
    .toFormat(format, { quality: +quality })
    .toBuffer()
  const half = `${kept}.${randomUUID()}`
  await writeFile(half, data)
  await rename(half, kept)
  return data
}

createServer(async (request, response) => {
  try {
    const found = await result(request.url)
    if (!found) return response.writeHead(404).end()
    response.writeHead(200, {
      'Content-Type': `image/${found.format}`,
      'Content-Length': found.data.length,
      'Cache-Control': 'public, max-age=31536000, immutable',
    })
    response.end(found.data)
  } catch (error) {
    console.error(error)
    response.writeHead(500).end()
  }
}).listen(+port, '127.0.0.1')
