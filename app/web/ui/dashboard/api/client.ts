/** GraphQL client of the signed-in user: the session cookie authenticates, and a header prevents CSRF. */
import { type AnyVariables, Client, type TypedDocumentNode, fetchExchange, mapExchange } from '@urql/core';

import { endSession } from '../session';
import { type ApiError, errorOf } from './errors';
import { GRAPHQL_URL } from './urls';

export const PREFLIGHT = { 'GraphQL-Require-Preflight': '1' };

export const client = new Client({
  url: GRAPHQL_URL,
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetchOptions: { credentials: 'same-origin', headers: PREFLIGHT },
  exchanges: [
    mapExchange({
      onResult(result) {
        if (result.error && errorOf(result.error).code === 'UNAUTHORIZED') endSession();
      },
    }),
    fetchExchange,
  ],
});

export type ApiResult<Data> =
  { readonly data: Data; readonly error: null } | { readonly data: null; readonly error: ApiError };

/** Run a query, bypassing caches. A response with errors counts as an error, even if it has data. */
export async function query<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<ApiResult<Data>> {
  return toResult(await client.query(document, variables));
}

export async function mutate<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<ApiResult<Data>> {
  return toResult(await client.mutation(document, variables));
}

function toResult<Data>(result: {
  data?: Data | undefined;
  error?: Parameters<typeof errorOf>[0] | undefined;
}): ApiResult<Data> {
  if (result.error || result.data === undefined) return { data: null, error: errorOf(result.error!) };
  return { data: result.data, error: null };
}

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Fetch all pages of a list. */
export async function fetchAllPages<Node>(
  fetchPage: (after: string | null) => Promise<ApiResult<Page<Node>>>,
): Promise<ApiResult<readonly Node[]>> {
  const all: Node[] = [];
  let after: string | null = null;
  for (;;) {
    const page: ApiResult<Page<Node>> = await fetchPage(after);
    if (!page.data) return page;
    const { nodes, pageInfo } = page.data;
    all.push(...nodes);
    if (!pageInfo.hasNextPage) return { data: all, error: null };
    after = pageInfo.endCursor;
  }
}

/** Apply a function to the data of a result. */
export function mapResult<Data, Mapped>(
  { data, error }: ApiResult<Data>,
  map: (data: Data) => Mapped,
): ApiResult<Mapped> {
  return data === null ? { data: null, error: error! } : { data: map(data), error: null };
}
