/** An upload, with its request and response as text. */
import { authorization } from './access';

export type Fields = Record<string, string>;

export interface Exchange {
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

/** Send the form. Throws TypeError if the server can't be reached. */
export async function send(url: string, file: File, values: Fields, token: string): Promise<Exchange> {
  const fields = Object.entries(values).filter(([, text]) => text.trim());
  const form = new FormData();
  form.append('image', file);
  for (const [name, text] of fields) form.append(name, text);

  const request = new Request(url, { method: 'POST', headers: authorization(token), body: form });
  const requestText = formatRequest(request, file, fields);
  const start = performance.now();
  const response = await fetch(request);
  const text = await response.text();
  const body = parseJson(text);
  return {
    request: requestText,
    curl: formatCurl(url, file, fields, token),
    status: response.status,
    reason: response.statusText,
    isSuccess: response.ok,
    milliseconds: Math.round(performance.now() - start),
    headers: [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: body ? JSON.stringify(body, null, 2) : text,
    image: response.ok ? (body?.data ?? null) : null,
  };
}

/** Format the request as sent, without the bytes of the file and most of the token. */
function formatRequest(request: Request, file: File, fields: [string, string][]): string {
  const { pathname, host } = new URL(request.url);
  const type = request.headers.get('content-type') ?? '';
  const boundary = `--${type.split('boundary=')[1]}`;
  const parts = [
    `${boundary}\nContent-Disposition: form-data; name="image"; filename="${file.name}"\n` +
      `Content-Type: ${file.type || 'application/octet-stream'}\n\n(${file.size} bytes)`,
    ...fields.map(([name, text]) => `${boundary}\nContent-Disposition: form-data; name="${name}"\n\n${text}`),
  ];
  const headers = [...request.headers].map(([name, value]) => `${name}: ${maskToken(value)}`);
  return [`POST ${pathname} HTTP/1.1`, `host: ${host}`, ...headers, '', ...parts, `${boundary}--`].join('\n');
}

function formatCurl(url: string, file: File, fields: [string, string][], token: string): string {
  const options = [
    ...(token ? ['-H "Authorization: Bearer YOUR_API_TOKEN"'] : []),
    `-F ${quote(`image=@${file.name}`)}`,
    ...fields.map(([name, text]) => `--form-string ${quote(`${name}=${text}`)}`),
  ];
  return [`curl ${url}`, ...options.map((option) => `  ${option}`)].join(' \\\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function maskToken(value: string): string {
  return value.startsWith('Bearer ') ? `${value.slice(0, 20)}…` : value;
}

function parseJson(text: string): { data?: Exchange['image'] } | null {
  try {
    return JSON.parse(text) as { data?: Exchange['image'] };
  } catch {
    return null;
  }
}
