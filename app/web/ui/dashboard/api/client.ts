/** The API as whoever has signed in: the cookie says who, the header that a page of this server asks. */
import { type AnyVariables, Client, type TypedDocumentNode, fetchExchange, mapExchange } from '@urql/core';

import { GRAPHQL } from './addresses';
import { type Problem, problemOf } from './problem';
import { signedOut } from '../session';

export const PREFLIGHT = { 'GraphQL-Require-Preflight': '1' };

export const client = new Client({
  url: GRAPHQL,
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetchOptions: { credentials: 'same-origin', headers: PREFLIGHT },
  exchanges: [
    mapExchange({
      onResult(result) {
        if (result.error && problemOf(result.error).code === 'UNAUTHORIZED') signedOut();
      },
    }),
    fetchExchange,
  ],
});

export type Answer<Data> =
  { readonly data: Data; readonly problem: null } | { readonly data: null; readonly problem: Problem };

/** What the server has now. An answer with errors counts as a problem, whatever data came with it. */
export async function ask<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  return answered(await client.query(document, variables));
}

export async function run<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  return answered(await client.mutation(document, variables));
}

function answered<Data>(result: {
  data?: Data | undefined;
  error?: Parameters<typeof problemOf>[0] | undefined;
}) {
  if (result.error || result.data === undefined) {
    return { data: null, problem: problemOf(result.error!) } as const;
  }
  return { data: result.data, problem: null } as const;
}
