/** One upload: the request that went out, and the answer, both as text. */
import { authorization } from './access';

export type Given = Record<string, string>;

export interface Sent {
  request: string;
  curl: string;
  status: number;
  reason: string;
  isSuccess: boolean;
  milliseconds: number;
  headers: string;
  body: string;
  image: { id: string; url: string; is_public: boolean } | null;
}

/** Raises TypeError where the server can't be reached. */
export async function send(url: string, file: File, given: Given, token: string): Promise<Sent> {
  const fields = Object.entries(given).filter(([, text]) => text.trim());
  const form = new FormData();
  form.append('image', file);
  for (const [name, text] of fields) form.append(name, text);

  const request = new Request(url, { method: 'POST', headers: authorization(token), body: form });
  const written = asText(request, file, fields);
  const began = performance.now();
  const answer = await fetch(request);
  const text = await answer.text();
  const body = parsed(text);
  return {
    request: written,
    curl: asCurl(url, file, fields, token),
    status: answer.status,
    reason: answer.statusText,
    isSuccess: answer.ok,
    milliseconds: Math.round(performance.now() - began),
    headers: [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: body ? JSON.stringify(body, null, 2) : text,
    image: answer.ok ? (body?.data ?? null) : null,
  };
}

/** The request as it goes over the wire, but for the bytes of the file and most of the token. */
function asText(request: Request, file: File, fields: [string, string][]): string {
  const { pathname, host } = new URL(request.url);
  const type = request.headers.get('content-type') ?? '';
  const boundary = `--${type.split('boundary=')[1]}`;
  const parts = [
    `${boundary}\nContent-Disposition: form-data; name="image"; filename="${file.name}"\n` +
      `Content-Type: ${file.type || 'application/octet-stream'}\n\n(${file.size} bytes)`,
    ...fields.map(([name, text]) => `${boundary}\nContent-Disposition: form-data; name="${name}"\n\n${text}`),
  ];
  const sent = [...request.headers].map(([name, value]) => `${name}: ${masked(value)}`);
  return [`POST ${pathname} HTTP/1.1`, `host: ${host}`, ...sent, '', ...parts, `${boundary}--`].join('\n');
}

function asCurl(url: string, file: File, fields: [string, string][], token: string): string {
  const options = [
    ...(token ? ['-H "Authorization: Bearer YOUR_API_TOKEN"'] : []),
    `-F ${quoted(`image=@${file.name}`)}`,
    ...fields.map(([name, text]) => `--form-string ${quoted(`${name}=${text}`)}`),
  ];
  return [`curl ${url}`, ...options.map((option) => `  ${option}`)].join(' \\\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function masked(value: string): string {
  return value.startsWith('Bearer ') ? `${value.slice(0, 20)}…` : value;
}

function parsed(text: string): { data?: Sent['image'] } | null {
  try {
    return JSON.parse(text) as { data?: Sent['image'] };
  } catch {
    return null;
  }
}
