/** Sends what GraphiQL runs: queries and mutations by POST, files as a multipart form, subscriptions over WebSocket. */
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
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

export const fetcher: Fetcher = (operation, options) => {
  const { documentAST, headers } = options ?? {};
  const kind = documentAST && getOperationAST(documentAST, operation.operationName)?.operation;
  if (kind === 'subscription') return follow(operation, sent(headers));
  return post(operation, sent(headers), documentAST);
};

export async function post(operation: Operation, headers: Headers, document?: DocumentNode): Promise<Result> {
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
