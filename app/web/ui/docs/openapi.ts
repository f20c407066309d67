/** The parts of the server's OpenAPI document that this page uses. */
import { urlOf } from './urls';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: (string | null)[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  default?: unknown;
  contentMediaType?: string;
}

export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  description: string;
  required?: boolean;
  schema: Schema;
  'x-values'?: string;
  'x-default'?: string;
}

export type Content = Record<string, { schema?: Schema; example?: unknown }>;

export interface Response {
  $ref?: string;
  description: string;
  content?: Content;
  headers?: Record<string, Header>;
}

export interface Header {
  $ref?: string;
  description: string;
  example?: unknown;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: { token?: string[] }[];
  parameters: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, Response>;
}

export interface OpenApi {
  info: { version: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Response>;
    headers: Record<string, Header>;
  };
  'x-limits': Limits;
  'x-errors': { status: number; code: string }[];
  'x-webhook-attempts': { attempt: number; after: string; since: string }[];
  'x-webhook-outcomes': Record<string, string>;
}

export interface Limits {
  policies: Record<'api' | 'upload' | 'failures' | 'misses', { amount: number; period: number }[]>;
  max_upload_size: number;
  max_pixels: number;
  max_side: number;
  uploads: string[];
  results: string[];
}

export interface Route {
  method: string;
  path: string;
  operation: Operation;
}

export async function fetchOpenApi(): Promise<OpenApi> {
  const response = await fetch(urlOf('v1/openapi.json'));
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()) as OpenApi;
}

/** Return the operations of a tag in the order of the document, without HEAD. */
export function routesOf(api: OpenApi, tag: string): Route[] {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method, operation]) => method !== 'head' && operation.tags.includes(tag))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Return the error codes of an operation with their statuses. */
export function codesOf(operation: Operation): [status: string, code: string][] {
  return Object.entries(operation.responses).flatMap(([status, { $ref }]): [string, string][] =>
    $ref ? [[status, $ref.split('/').at(-1)!]] : [],
  );
}

export function scopeOf(operation: Operation): string | undefined {
  return operation.security.find(({ token }) => token)?.token?.[0];
}

/** Return the media type, schema and example of the request body. */
export function bodyOf(operation: Operation): { type: string; schema: Schema; example?: unknown } | null {
  const [entry] = Object.entries(operation.requestBody?.content ?? {});
  return entry ? { type: entry[0], schema: entry[1].schema!, example: entry[1].example } : null;
}

/** Return a short notation of the type: `integer 1–100`, `jpg | png`. */
export function typeOf(schema: Schema): string {
  if (schema.contentMediaType) return 'file';
  if (schema.enum) return schema.enum.filter((word) => word !== null).join(' | ');
  if (schema.items)
    return schema.items.enum ? `${schema.items.enum.join(' | ')} …` : `${typeOf(schema.items)}[]`;
  const types = [schema.type ?? 'any'].flat().join(' | ');
  const { minimum, maximum } = schema;
  if (minimum === undefined) return types;
  const isBounded = maximum !== undefined && maximum < 1e9;
  return isBounded ? `${types} ${minimum}–${maximum}` : `${types} ≥ ${minimum}`;
}
