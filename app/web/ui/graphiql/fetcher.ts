/** Sends what GraphiQL runs: queries and mutations by POST, files as a multipart form, subscriptions over WebSocket. */
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

import { type Headers, sent } from './credentials';
import { HTTP, SOCKET } from './endpoint';
import { slotsOf } from './slots';
import { form, picked } from './uploads';

type Fetcher = GraphiQLProps['fetcher'];
export type Operation = Parameters<Fetcher>[0];
export type Result = ExecutionResult<Record<string, unknown>, Record<string, unknown>>;

let schema: GraphQLSchema | undefined;

export function learnSchema(learned: GraphQLSchema): void {
  schema = learned;
}

export const fetcher: Fetcher = (given, options) => {
  const document = parsed(given.query);
  const operation = named(given, document);
  const headers = sent(options?.headers);
  const kind = document && getOperationAST(document, operation.operationName)?.operation;
  return kind === 'subscription' ? follow(operation, headers) : post(operation, headers, document);
};

/** Null where it can't be parsed: the server says best what is wrong. */
function parsed(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null;
  }
}

/** Right after a change of tabs GraphiQL still gives the name of the other tab's operation: that one is not sent. */
function named(operation: Operation, document: DocumentNode | null): Operation {
  const isThere = !document || getOperationAST(document, operation.operationName);
  return isThere ? operation : { ...operation, operationName: null };
}

export async function post(
  operation: Operation,
  headers: Headers,
  document: DocumentNode | null = null,
): Promise<Result> {
  const slots = document ? slotsOf(document, operation.operationName, schema) : [];
  const missing = slots.find((slot) => slot.isRequired && picked(slot.path).length === 0);
  if (missing) return failure(`Choose a file for $${missing.path} in the Upload pane, then run this again`);
  const body = slots.length ? form(operation, slots) : JSON.stringify(operation);
  const answer = await fetch(HTTP, {
    method: 'POST',
    body,
    headers: {
      Accept: 'application/graphql-response+json, application/json',
      ...(typeof body === 'string' && { 'Content-Type': 'application/json' }),
      ...headers,
    },
  });
  const text = await answer.text();
  try {
    return JSON.parse(text) as Result;
  } catch {
    return failure(`The server answered ${answer.status} ${answer.statusText}: ${text.slice(0, 500)}`);
  }
}

/** The events of a subscription, on a socket of its own that ends with it. */
function follow(operation: Operation, headers: Headers): AsyncIterableIterator<Result> {
  const client = createClient({
    url: SOCKET,
    connectionParams: headers['Authorization'] ? { Authorization: headers['Authorization'] } : {},
    retryAttempts: 0,
  });
  const events = client.iterate(operation as Parameters<typeof client.iterate>[0]) as AsyncGenerator<Result>;
  return {
    next: () => events.next().catch((problem: unknown) => ({ value: failure(spoken(problem)), done: false })),
    return: () => events.return(undefined),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function spoken(problem: unknown): string {
  if (problem instanceof CloseEvent) return `The server closed the socket: ${problem.code} ${problem.reason}`;
  if (Array.isArray(problem)) return problem.map((error: { message: string }) => error.message).join('; ');
  return problem instanceof Error ? problem.message : 'The socket could not be opened';
}

function failure(message: string): Result {
  return { errors: [new GraphQLError(message)] };
}
