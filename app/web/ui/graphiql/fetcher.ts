/** GraphiQL's transport: queries and mutations by POST, files as a multipart form, subscriptions over WebSocket. */
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
} from 'graphql';
import { createClient } from 'graphql-ws';
import type { GraphiQLProps } from 'graphiql';

import { type Headers, requestHeaders } from './credentials';
import { HTTP_URL, WEBSOCKET_URL } from './endpoint';
import { slotsOf } from './slots';
import { formData, selectedFiles } from './uploads';

type Fetcher = GraphiQLProps['fetcher'];
export type Operation = Parameters<Fetcher>[0];
export type Result = ExecutionResult<Record<string, unknown>, Record<string, unknown>>;

let schema: GraphQLSchema | undefined;

export function setSchema(loaded: GraphQLSchema): void {
  schema = loaded;
}

export const fetcher: Fetcher = (params, options) => {
  const document = tryParse(params.query);
  const operation = withValidName(params, document);
  const headers = requestHeaders(options?.headers);
  const kind = document && getOperationAST(document, operation.operationName)?.operation;
  return kind === 'subscription' ? subscribe(operation, headers) : post(operation, headers, document);
};

/** Parse a query. Returns null if it is invalid: the server describes the error. */
function tryParse(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null;
  }
}

/** Drop the operation name if the document lacks it: after a change of tabs, GraphiQL passes that of the previous tab. */
function withValidName(operation: Operation, document: DocumentNode | null): Operation {
  const isValid = !document || getOperationAST(document, operation.operationName);
  return isValid ? operation : { ...operation, operationName: null };
}

export async function post(
  operation: Operation,
  headers: Headers,
  document: DocumentNode | null = null,
): Promise<Result> {
  const slots = document ? slotsOf(document, operation.operationName, schema) : [];
  const missing = slots.find((slot) => slot.isRequired && selectedFiles(slot.path).length === 0);
  if (missing)
    return failure(`Choose a file for $${missing.path} in the Upload pane, then run the operation again`);
  const body = slots.length ? formData(operation, slots) : JSON.stringify(operation);
  const response = await fetch(HTTP_URL, {
    method: 'POST',
    body,
    headers: {
      Accept: 'application/graphql-response+json, application/json',
      ...(typeof body === 'string' && { 'Content-Type': 'application/json' }),
      ...headers,
    },
  });
  const text = await response.text();
  try {
    return JSON.parse(text) as Result;
  } catch {
    return failure(`The server responded ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

/** Run a subscription on a WebSocket of its own. */
function subscribe(operation: Operation, headers: Headers): AsyncIterableIterator<Result> {
  const client = createClient({
    url: WEBSOCKET_URL,
    connectionParams: headers['Authorization'] ? { Authorization: headers['Authorization'] } : {},
    retryAttempts: 0,
  });
  const events = client.iterate(operation as Parameters<typeof client.iterate>[0]) as AsyncGenerator<Result>;
  return {
    next: () => events.next().catch((cause: unknown) => ({ value: failure(describe(cause)), done: false })),
    return: () => events.return(undefined),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function describe(cause: unknown): string {
  if (cause instanceof CloseEvent) return `The server closed the WebSocket: ${cause.code} ${cause.reason}`;
  if (Array.isArray(cause)) return cause.map((error: { message: string }) => error.message).join('; ');
  return cause instanceof Error ? cause.message : 'Could not open the WebSocket';
}

function failure(message: string): Result {
  return { errors: [new GraphQLError(message)] };
}
